"""The MiniQMT channel: the vendor's library xtquant behind the Broker Protocol."""

from desk.broker.xt.channel import XtBroker
from desk.broker.xt.line import Timing
from desk.broker.xt.sessions import SessionPool

__all__ = ["SessionPool", "Timing", "XtBroker"]
