"""Sequence numbers find what is missing; they never refuse anything (WIRE, FOLLOWING §2)."""

from __future__ import annotations

import json
from datetime import datetime

from desk.core.ledger import Ledger
from desk.core.snapshot import forget_number
from desk.core.values import Event, Gap, Message
from desk.texts import dealing as texts

_MOST_REMEMBERED = 200


def note_sequence(ledger: Ledger, event: Event, now: datetime) -> None:
    """Compare an event's number with what came before: a hole is a gap with an alarm, a late one mends it."""
    seq, strategy = event.body.seq, event.strategy
    if seq <= 0:
        return
    top = ledger.seqs.get(strategy)
    if top is None or seq > top:
        ledger.seqs[strategy] = seq
        if top is not None and seq > top + 1:
            _hole(ledger, strategy, top + 1, seq - 1, now)
        return
    missing = _missing(ledger, strategy)
    if seq in missing:
        missing.remove(seq)
        _remember(ledger, strategy, missing)
        if not missing:
            _mend(ledger, strategy, now)
        return
    forget_number(ledger, strategy)
    ledger.say(
        Message(
            at=now,
            kind="alarm",
            title=f"{strategy} 序号回退",
            text=texts.seq_back(seq, top),
            urgent=True,
            key=f"seqback:{strategy}:{event.event_id}",
        )
    )


def _hole(ledger: Ledger, strategy: str, first: int, last: int, now: datetime) -> None:
    _remember(ledger, strategy, [*_missing(ledger, strategy), *range(first, min(last, first + _MOST_REMEMBERED) + 1)])
    text = texts.seq_gap(first, last)
    gap = Gap(at=now, strategy=strategy, symbol=None, cause="缺少信号", text=text, key=f"seq:{strategy}:{first}-{last}")
    if ledger.put_gap(gap):
        ledger.say(Message(at=now, kind="alarm", title=f"{strategy} 缺少信号", text=text, urgent=True, key=gap.key))


def _mend(ledger: Ledger, strategy: str, now: datetime) -> None:
    """Everything that was missing has come: close the gaps."""
    prefix = f"seq:{strategy}:"
    for gap in [gap for key, gap in ledger.gaps.items() if key.startswith(prefix)]:
        ledger.close_gap(gap, now)


def _missing(ledger: Ledger, strategy: str) -> list[int]:
    return list(json.loads(ledger.flags.get(f"missing:{strategy}", "[]")))


def _remember(ledger: Ledger, strategy: str, missing: list[int]) -> None:
    kept = missing[-_MOST_REMEMBERED:]
    ledger.put_flag(f"missing:{strategy}", json.dumps(kept) if kept else None)
