"""What a test can order from a simulated MiniQMT: everything that the real one has been seen to do wrong.

The exchange behind it stays exact. Chance is a hash of the seed and of the draw's number, so the same seed and the
same calls give the same troubles.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from desk.broker.paper.feed import noise


class ConnectTrouble(StrEnum):
    REFUSED = "connect_refused"  # -1
    STUCK = "connect_stuck"  # does not return until Terminal.unstick


class SubscribeTrouble(StrEnum):
    REFUSED = "subscribe_refused"  # -1
    UNANSWERED = "subscribe_unanswered"  # the library's call waits for ever


class PlaceTrouble(StrEnum):
    REFUSED = "place_refused"  # response -1, no order, nothing else
    MINUS_ONE_LIVE = "place_minus_one_live"  # response -1, the order is placed
    BLANK_ID = "place_blank_id"  # placed; the response carries order_id 0
    LOST = "place_lost"  # never arrives, no response
    UNANSWERED = "place_unanswered"  # placed, no response
    ANSWERED_LATE = "place_answered_late"  # placed; the response comes after `seconds`
    ANSWERED_EARLY = "place_answered_early"  # response and pushes come before the library's call has returned
    LANDS_LATE = "place_lands_late"  # placed after `seconds`, even if the terminal has died meanwhile; no response
    ANOTHERS_ID = "place_anothers_id"  # placed; the response carries the id of the order before
    ANOTHERS_ERROR = "place_anothers_error"  # placed; on_order_error tells an error of the order before
    REJECTED_LATER = "place_rejected_later"  # accepted, a 废单 after `seconds`
    DIES_BEFORE = "place_dies_before"  # the terminal dies with the order in its hands
    DIES_AFTER = "place_dies_after"  # the terminal passes the order on and dies


class CancelTrouble(StrEnum):
    LOST = "cancel_lost"  # result 0; nothing happens
    UNANSWERED = "cancel_unanswered"  # no response; nothing happens
    UNANSWERED_DONE = "cancel_unanswered_done"  # no response; cancelled all the same
    REFUSED_DONE = "cancel_refused_done"  # result -1; cancelled all the same
    ANSWERED_LATE = "cancel_answered_late"  # cancelled; the response comes after `seconds`
    DONE_SILENTLY = "cancel_done_silently"  # result 0 and cancelled; no push of that order comes any more
    DIES_BEFORE = "cancel_dies_before"
    DIES_AFTER = "cancel_dies_after"


class QueryTrouble(StrEnum):
    EMPTY = "query_empty"  # [] (asset: None), a lie
    UNANSWERED = "query_unanswered"
    LATE = "query_late"  # the picture of now, told after `seconds`
    STATUS_255 = "query_status_255"  # every order says 255
    DIES = "query_dies"


class ResponseTrouble(StrEnum):
    """Troubles of any response to an order or a cancel."""

    LOST = "response_lost"
    LATE = "response_late"
    TWICE = "response_twice"  # at once and again after `seconds`
    OVERTAKEN = "response_overtaken"  # after the next message


class PushTrouble(StrEnum):
    """Troubles of order, trade and account pushes."""

    LOST = "push_lost"
    LATE = "push_late"
    TWICE = "push_twice"
    OVERTAKEN = "push_overtaken"
    STATUS_255 = "push_status_255"  # an order push says 255; of a trade: nothing wrong


class QuoteTrouble(StrEnum):
    MISSING = "quote_missing"  # {} or None
    ZERO = "quote_zero"  # every price 0, as before the first call
    STALE = "quote_stale"  # tick: ten minutes old; detail: the TradingDay of the day before
    RAISES = "quote_raises"
    STUCK = "quote_stuck"  # does not return until Terminal.unstick


T = TypeVar(
    "T", ConnectTrouble, SubscribeTrouble, PlaceTrouble, CancelTrouble, QueryTrouble, ResponseTrouble, PushTrouble,
    QuoteTrouble,
)  # fmt: skip
Trouble = (
    ConnectTrouble
    | SubscribeTrouble
    | PlaceTrouble
    | CancelTrouble
    | QueryTrouble
    | ResponseTrouble
    | PushTrouble
    | QuoteTrouble
)

REMARK_BYTES = 23  # 24 with the end mark; what is longer is cut without a word


@dataclass(slots=True)
class TerminalFaults:
    """Everything off until it is set, besides what MiniQMT always does; `once` orders single troubles, `rates` chance.

    A remark is always cut at 23 bytes, shares are always cut to whole ones by the library, prices are type-strict.
    """

    seed: int = 0
    rates: dict[Trouble, float] = field(default_factory=dict)  # probability per occasion, 0-1
    seconds: dict[Trouble, tuple[float, float]] = field(default_factory=dict)  # how late, drawn evenly; default 1-3 s
    latency_s: float = 0.0  # of every request and every message, each way
    refuse_connect_s: float = 0.0  # connect() is -1 for so long after a start
    login_s: float = 0.0  # accounts become usable so long after a start
    release_s: float = 4.2  # a stopped client's session id stays taken for so long
    notice_s: tuple[float, float] = (3.0, 4.0)  # from the terminal's death to on_disconnected, drawn evenly
    invisible_s: float = 0.0  # young orders are missing from queries for so long, at most 10 s in reality
    replays_sessions: bool = True  # a session id that was used before gets its old trades again at subscribe
    missing_fields: frozenset[str] = frozenset()  # this terminal's structs lack them (AttributeError)
    tick_every_s: float = 3.0  # pushes of subscribed quotes
    _once: deque[tuple[Trouble, float]] = field(default_factory=deque)
    _draws: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def once(self, trouble: Trouble, seconds: float = 1.0) -> None:
        """Order one trouble for the next occasion of its kind; several are served in turn."""
        with self._lock:
            self._once.append((trouble, seconds))

    def draw(self, kind: type[T]) -> tuple[T | None, float]:
        """Tell the trouble of this occasion, and its seconds."""
        with self._lock:
            for place, (trouble, seconds) in enumerate(self._once):
                if isinstance(trouble, kind):
                    del self._once[place]
                    return trouble, seconds
            for frequent, rate in list(self.rates.items()):
                if isinstance(frequent, kind) and rate and self._chance() < rate:
                    least, most = self.seconds.get(frequent, (1.0, 3.0))
                    return frequent, least + (most - least) * self._chance()
        return None, 0.0

    def between(self, least: float, most: float) -> float:
        with self._lock:
            return least + (most - least) * self._chance()

    def calm(self) -> None:
        """Stop every trouble that comes by chance or was ordered; nothing of what has happened is taken back."""
        with self._lock:
            self.rates.clear()
            self._once.clear()

    def _chance(self) -> float:
        """Tell the next number from 0 to 1."""
        self._draws += 1
        return int.from_bytes(noise(self.seed, self._draws)[:6], "big") / 2**48
