"""The embedded paper exchange: an A-share exchange, counter and account in miniature, exact to the fen and the lot."""

from desk.broker.paper.channel import PaperBroker
from desk.broker.paper.dealt import Dealt, DealtFeed
from desk.broker.paper.exchange import PaperExchange
from desk.broker.paper.faults import CancelTrouble, Faults, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.broker.paper.feed import Feed, SyntheticFeed
from desk.broker.paper.replay import ChannelFeed, FeedFileError, FileFeed, Recording, feed_of
from desk.broker.paper.store import StoreFailed

__all__ = [
    "CancelTrouble",
    "ChannelFeed",
    "Dealt",
    "DealtFeed",
    "Faults",
    "Feed",
    "FeedFileError",
    "FileFeed",
    "PaperBroker",
    "PaperExchange",
    "PlaceTrouble",
    "Recording",
    "ReportTrouble",
    "SnapshotTrouble",
    "StoreFailed",
    "SyntheticFeed",
    "feed_of",
]
