"""A simulated MiniQMT: fakes of xtquant's native modules whose exchange is the paper exchange.

The genuine Python layer of xtquant (xttrader, xttype, xtdata) runs unchanged over it. Imported only by the channel
`miniqmt-sim` and by tests. `install([terminal])`, then import xtquant; `uninstall()` puts everything back.
"""

from desk.broker.xt_sim.client import CallbacksStuck
from desk.broker.xt_sim.faults import (
    CancelTrouble,
    ConnectTrouble,
    PlaceTrouble,
    PushTrouble,
    QueryTrouble,
    QuoteTrouble,
    ResponseTrouble,
    SubscribeTrouble,
    TerminalFaults,
)
from desk.broker.xt_sim.install import install, uninstall
from desk.broker.xt_sim.terminal import Terminal

__all__ = [
    "CallbacksStuck",
    "CancelTrouble",
    "ConnectTrouble",
    "PlaceTrouble",
    "PushTrouble",
    "QueryTrouble",
    "QuoteTrouble",
    "ResponseTrouble",
    "SubscribeTrouble",
    "Terminal",
    "TerminalFaults",
    "install",
    "uninstall",
]
