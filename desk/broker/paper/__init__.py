"""The embedded paper exchange: an A-share exchange, counter and account in miniature, exact to the fen and the lot."""

from desk.broker.paper.channel import PaperBroker
from desk.broker.paper.exchange import PaperExchange, StoreFailed
from desk.broker.paper.faults import CancelTrouble, Faults, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.broker.paper.feed import Feed, SyntheticFeed

__all__ = [
    "CancelTrouble",
    "Faults",
    "Feed",
    "PaperBroker",
    "PaperExchange",
    "PlaceTrouble",
    "ReportTrouble",
    "SnapshotTrouble",
    "StoreFailed",
    "SyntheticFeed",
]
