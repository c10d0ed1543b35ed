"""How messages reach a WeCom group robot: what goes next, how it is cut, what an answer means, when to try again.

Facts of WeCom group robots (企业微信群机器人): 20 messages a minute per robot; a text holds 2,048 bytes of UTF-8;
errors come as HTTP 200 with an errcode. Letters stand for what the messenger has rendered; the words and the network
are no matter of this file.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

TEXT_BYTES = 2048
PER_MINUTE = 20
WINDOW_S = 61.0  # a second more than WeCom's minute, because its clock is not ours
URGENT_SLOTS = 5  # slots of a minute that only urgent letters may use
TOO_FAST_WAIT_S = 60.0
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 120.0


class Answered(StrEnum):
    """What a robot's answer means for the sender."""

    DELIVERED = "delivered"
    TOO_FAST = "too_fast"  # 45009: back off a minute
    TOO_LONG = "too_long"  # 40058: cut smaller
    BAD_ROBOT = "bad_robot"  # 93000, 93004, 93008: no use until a person has changed the configuration
    REFUSED = "refused"  # another errcode: perhaps this content, perhaps the robot
    FAILED = "failed"  # no answer, or none of WeCom's: it may have been delivered


_ERRCODES = {
    0: Answered.DELIVERED,
    45009: Answered.TOO_FAST,
    45033: Answered.TOO_FAST,
    40058: Answered.TOO_LONG,
    93000: Answered.BAD_ROBOT,
    93004: Answered.BAD_ROBOT,
    93008: Answered.BAD_ROBOT,
    -1: Answered.FAILED,  # 系统繁忙
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    kind: Answered
    errcode: int | None = None
    text: str = ""  # short, for logs and the outbox; never holds a request's address


def read_answer(status: int, body: bytes) -> Answer:
    """Translate an HTTP answer; anything that is not WeCom's JSON (a proxy's page, a redirect) is a failure."""
    if status == 429:
        return Answer(kind=Answered.TOO_FAST, text="HTTP 429")
    if status != 200:
        return Answer(kind=Answered.FAILED, text=f"HTTP {status}")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(kind=Answered.FAILED, text="HTTP 200 without JSON")
    code = document.get("errcode") if isinstance(document, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return Answer(kind=Answered.FAILED, text="HTTP 200 without errcode")
    return Answer(kind=_ERRCODES.get(code, Answered.REFUSED), errcode=code, text=f"errcode {code}")


class Window:
    """At most PER_MINUTE posts in any WINDOW_S seconds of monotonic time.

    A post is noted when it has been answered: WeCom counted it then at the latest, so the spacing holds there too.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def note(self, mono: float) -> None:
        self._times.append(mono)

    def room(self, mono: float) -> int:
        while self._times and mono - self._times[0] >= WINDOW_S:
            self._times.popleft()
        return max(0, PER_MINUTE - len(self._times))

    def wait(self, mono: float, keep: int) -> float:
        """Seconds until more than `keep` slots are free; 0 if they are."""
        short = keep + 1 - self.room(mono)
        return 0.0 if short <= 0 else self._times[short - 1] + WINDOW_S - mono


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message as one robot's queue sees it."""

    id: int
    urgent: bool
    alone: bool  # never merged: a summary, a letter half sent, one that was refused
    refusals: int  # how often it was refused: goes behind those refused less often, so that it holds nothing up
    line_bytes: int  # its size as one line of a merged letter


def choose(letters: Sequence[Letter], room: int, limit: int) -> tuple[Letter, ...]:
    """Pick what goes next: urgent first, in order; more than one letter only when a backlog would outrun the window.

    `limit` is the size of a merged letter's lines in bytes. Empty: nothing may go now. Letters of different urgency are
    never merged; normal ones leave URGENT_SLOTS free. 10 normal letters and room 20: 7 = (20 - 5) // 2 may go singly,
    so these are merged.
    """
    queue = sorted(letters, key=lambda letter: (letter.refusals, not letter.urgent, letter.id))
    if not queue:
        return ()
    first = queue[0]
    spare = room if first.urgent else room - URGENT_SLOTS
    if spare <= 0:
        return ()
    run: list[Letter] = []
    size = 0
    for letter in queue:
        if letter.alone or letter.refusals or letter.urgent != first.urgent:
            break
        size += letter.line_bytes + 1
        if size > limit:
            break
        run.append(letter)
    waiting = sum(1 for letter in queue if letter.urgent == first.urgent and not letter.refusals)
    singly = spare if first.urgent else max(1, spare // 2)
    return tuple(run) if len(run) > 1 and waiting > singly else (first,)


def split_text(text: str, limit: int) -> list[str]:
    """Cut text into pieces of at most `limit` bytes of UTF-8, at line breaks where possible; joined they are the text.

    `limit` is at least 4, the longest character.
    """
    pieces: list[str] = []
    piece, size = "", 0
    for line in text.splitlines(keepends=True):
        length = len(line.encode())
        if size and size + length > limit:
            pieces.append(piece)
            piece, size = "", 0
        if length <= limit:
            piece, size = piece + line, size + length
            continue
        for char in line:
            wide = len(char.encode())
            if size + wide > limit:
                pieces.append(piece)
                piece, size = "", 0
            piece, size = piece + char, size + wide
    return [*pieces, piece] if piece else pieces


def wait_after(failures: int, jitter: float) -> float:
    """Seconds to wait after the n-th failure in a row; `jitter` from 0 to 1 spreads it by a quarter either way."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 20)) * (0.75 + jitter / 2))
