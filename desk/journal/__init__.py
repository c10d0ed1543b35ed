"""The journal: one book of everything that was received, decided, ordered, filled and told.

SQL is spoken here alone. SQLite by default (WAL, synchronous=FULL, one writer with group commit), PostgreSQL possible.
"""

from desk.journal.commands import Lease
from desk.journal.database import FILE_NAME
from desk.journal.errors import (
    AmbiguousId,
    JournalError,
    JournalRefused,
    JournalUnavailable,
    JournalUnusable,
)
from desk.journal.holdings import AccountView, PositionView
from desk.journal.inbox import Accepted, NewBody, NewEvent
from desk.journal.journal import Journal, restore
from desk.journal.ledger import Loaded
from desk.journal.outbox import DeliveryState, OutboxRow, ToldMessage
from desk.journal.positions import (
    ClientExists,
    InternalPassword,
    NewUpload,
    Overtaken,
    PositionBook,
    PositionClient,
    SavedAdjustments,
    Target,
    TokenUsed,
)

__all__ = [
    "FILE_NAME",
    "Accepted",
    "AccountView",
    "AmbiguousId",
    "ClientExists",
    "DeliveryState",
    "InternalPassword",
    "Journal",
    "JournalError",
    "JournalRefused",
    "JournalUnavailable",
    "JournalUnusable",
    "Lease",
    "Loaded",
    "NewBody",
    "NewEvent",
    "NewUpload",
    "OutboxRow",
    "Overtaken",
    "PositionBook",
    "PositionClient",
    "PositionView",
    "SavedAdjustments",
    "Target",
    "TokenUsed",
    "ToldMessage",
    "restore",
]
