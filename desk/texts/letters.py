"""How messages are written for a robot: one alone, many merged into one letter, a long one in numbered parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk.core.telling import URGENT_SLOTS, Letter, choose, split_text
from desk.core.values import Message
from desk.texts.labels import day_and_time, one_line, when

MARK_BYTES = 160  # room for the mark, and for the head of a merged letter
_NEVER_MERGED = frozenset({"summary", "selfcheck"})  # their lines are their meaning


class OutboxRow(Protocol):
    """One delivery: a message for one robot; `message_id` is the same for all robots, 0 if it has none."""

    @property
    def id(self) -> int: ...
    @property
    def message_id(self) -> int: ...
    @property
    def attempts(self) -> int: ...
    @property
    def message(self) -> Message: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """What one post carries."""

    rows: tuple[OutboxRow, ...]
    text: str
    rest: str  # what is left of a long message after this post
    part: int = 1  # which part of a long message this is


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A long message under way to a robot."""

    rest: str
    parts_sent: int


def compose(
    rows: Sequence[OutboxRow],
    *,
    now: datetime,
    room: int,
    limit: int,
    started: Mapping[int, Started],
    refused: Mapping[int, int],
    maybe_told: Collection[int],
) -> Parcel | None:
    """Write what goes next in at most `limit` bytes; None when nothing may go in `room` free slots of this minute.

    `started`, `refused` and `maybe_told` speak of rows by id: long messages under way, how often a message was refused,
    and messages that a post without an answer may have delivered.
    """
    if room <= 0 or (room <= URGENT_SLOTS and not any(row.message.urgent for row in rows)):
        return None  # before the writing, which costs
    lines = {row.id: line(row.message, now) for row in rows}
    letters = [
        Letter(
            id=row.id,
            urgent=row.message.urgent,
            alone=row.message.kind in _NEVER_MERGED or row.id in started,
            refusals=refused.get(row.id, 0),
            line_bytes=len(lines[row.id].encode()),
        )
        for row in rows
    ]
    by_id = {row.id: row for row in rows}
    picked = tuple(by_id[letter.id] for letter in choose(letters, room, limit - MARK_BYTES))
    if not picked:
        return None
    first = picked[0]
    again = any(row.id in maybe_told for row in picked)
    if len(picked) > 1:
        sign = mark(first.message_id, picked[-1].message_id, 1, 1, again)
        text = merged([lines[row.id] for row in picked], first.message.urgent)
        return Parcel(rows=picked, text=f"{text}\n{sign}", rest="")
    before = started.get(first.id) or Started(rest=body(first.message, now), parts_sent=0)
    pieces = split_text(before.rest, limit - MARK_BYTES)
    part = before.parts_sent + 1
    sign = mark(first.message_id, first.message_id, part, before.parts_sent + len(pieces), again)
    return Parcel(rows=picked, text=f"{pieces[0].rstrip()}\n{sign}", rest="".join(pieces[1:]), part=part)


def body(message: Message, now: datetime) -> str:
    """Write a message that goes alone, without its mark."""
    flag = "【紧急】" if message.urgent else "【跟单】"
    return f"{flag}{one_line(_clean(message.title))}\n{_clean(message.text)}\n{_time(message.at, now)}"


def line(message: Message, now: datetime) -> str:
    """Write a message as one line of a merged letter: all of its words, line breaks as semicolons."""
    said = "；".join(part for part in _clean(message.text).split("\n") if part.strip())
    return f"{_time(message.at, now)} {one_line(_clean(message.title))}：{said}"


def merged(lines: Sequence[str], urgent: bool) -> str:
    """Write many messages as one letter."""
    flag = "【紧急】" if urgent else "【跟单】"
    return "\n".join([f"{flag}合并 {len(lines)} 条消息", *lines])


def mark(first: int, last: int, part: int, parts: int, again: bool) -> str:
    """Write the letter's number, by which a reader knows a letter that came twice: 〔#12 2/3 重发〕."""
    number = "直报" if first == 0 else f"#{first}" if first == last else f"#{first}–{last}"
    return f"〔{number}{f' {part}/{parts}' if parts > 1 else ''}{' 重发' if again else ''}〕"


def _time(at: datetime, now: datetime) -> str:
    return when(at) if day_and_time(at)[:5] == day_and_time(now)[:5] else day_and_time(at)


def _clean(text: str) -> str:
    """Drop control characters but for line breaks, and lone surrogates, which no request can carry."""
    lines = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").split("\n")
    return "\n".join(one_line(part) for part in lines)
