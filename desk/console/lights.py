"""The six lights of the way from JoinQuant to the phone, and how old what each of them says is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.journal.views import View

LIGHTS = ("joinquant", "tunnel", "receiver", "trader", "broker", "messenger")
ON, OFF, UNKNOWN, NOT_THERE = "on", "off", "unknown", "none"
# JoinQuant speaks when its strategy does: a silence says nothing, a word says that all before us works.
_HEARD_LATELY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Light:
    """`state`: on, off, unknown, or none where there is nothing that could shine."""

    name: str
    state: str
    at: datetime | None  # when it was last seen so
    count: int = 0  # of what is wrong or waits

    def age(self, now: datetime) -> timedelta | None:
        return None if self.at is None else max(timedelta(0), now - self.at)


def lights(status: View, told: View, now: datetime) -> list[Light]:
    """The lights in the order of the way; `told` is what `desk.journal.view_told` counts."""
    return [
        _joinquant(status, now),
        Light(name="tunnel", state=status["tunnel"], at=_moment(status["tunnel_at"])),
        Light(name="receiver", state=_on(status["receiving"]), at=now),
        Light(name="trader", state=_on(status["running"] and not status["halted"]), at=now),
        _broker(status["accounts"]),
        _messenger(status["outbox_pending"], told),
    ]


def _joinquant(status: View, now: datetime) -> Light:
    heard = [_moment(strategy["last_signal_at"]) for strategy in status["strategies"]]
    at = max((one for one in heard if one is not None), default=None)
    gaps = sum(len(strategy["gaps"]) for strategy in status["strategies"])
    if not status["strategies"]:
        return Light(name="joinquant", state=NOT_THERE, at=None)
    lately = at is not None and now - at <= _HEARD_LATELY
    return Light(name="joinquant", state=ON if lately else UNKNOWN, at=at, count=gaps)


def _broker(accounts: Iterable[View]) -> Light:
    """As dark as the darkest account, as old as the oldest look."""
    rows = list(accounts)
    if not rows:
        return Light(name="broker", state=NOT_THERE, at=None)
    down = sum(not row["connected"] for row in rows)
    looks = [_moment(row["at"]) for row in rows]
    at = None if None in looks else min(one for one in looks if one is not None)
    return Light(name="broker", state=_on(down == 0), at=at, count=down)


def _messenger(waiting: int, told: View) -> Light:
    lost = sum(state["dead"] for kind in told["kinds"].values() for state in kind["robots"].values())
    at = _moment(told["delivered_at"])
    if not told["robots"]:
        return Light(name="messenger", state=NOT_THERE, at=at)
    return Light(name="messenger", state=_on(not waiting and not lost), at=at, count=waiting + lost)


def _on(works: bool) -> str:
    return ON if works else OFF


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
