"""The way from a strategy to the receiver: a sender that keeps what no signed answer has confirmed, a line that loses.

The sender follows WIRE: oldest first, the same bytes again and again, only a signed answer ends it; an answer without a
signature lets the next one go first. Bodies go through the real receiver.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.core.values import WireEvent
from desk.core.wire import events_to_json, make_secret
from tests.simulation.story import Violation
from tests.stand_in.senders import Sender

if TYPE_CHECKING:
    from tests.simulation.world import SimulatedDesk

BUSY = (429, 500, 502, 503, 504)
RETRIES = 3  # in one call: a strategy is held for a few seconds only


def secret_of(kid: str, turn: int = 0) -> str:
    return make_secret(hashlib.sha256(f"secret {kid} {turn}".encode()).digest())


@dataclass(slots=True)
class Entry:
    """A body that waits for its signed answer."""

    body: bytes
    ids: list[str]
    key: int  # which of the strategy's keys made it
    not_before: float = 0.0
    lost: bool = False  # JoinQuant lost it together with its memory


@dataclass(slots=True)
class Line:
    """One strategy's sender."""

    kid: str
    world: SimulatedDesk
    sender: Sender = field(init=False)
    key: int = 0
    spool: list[Entry] = field(default_factory=list)
    acked: list[Entry] = field(default_factory=list)
    retry_at: float = float("inf")
    said: int = 0
    dropped: int = 0  # bodies that never arrived: their events are missing for good
    forgets: float = 0.0  # how often a body is lost for good, with JoinQuant's memory of it
    memory: random.Random | None = None
    forgot: bool = False  # lately, and nothing has been shown since
    overtaken: bool = False  # a later body was delivered before an earlier one

    def __post_init__(self) -> None:
        self.sender = Sender(self.kid, secret_of(self.kid))

    def rotate(self) -> None:
        """A new key on both sides; what waits cannot be verified any more and is dropped (the snippet tells)."""
        self.key += 1
        self.sender = Sender(self.kid, secret_of(self.kid, self.key))
        self.dropped += len(self.spool)
        self.spool.clear()

    def say(self, events: tuple[WireEvent, ...]) -> list[str]:
        world = self.world
        self.said += 1
        body_id = hashlib.sha256(f"{world.seed}:{self.kid}:{self.said}".encode()).digest()[:16]
        rows = [events_to_json(event) for event in events]
        plain = (rows[0] if len(rows) == 1 else "[" + ",".join(rows) + "]").encode()
        body = self.sender.body(plain, at=world.jq_now(), body_id=body_id)
        ids = [body_id.hex()] if len(rows) == 1 else [f"{body_id.hex()}-{n}" for n in range(1, len(rows) + 1)]
        world.story.tell("strategy", f"{self.kid} says {ids[0][:8]}: {' '.join(rows)}")
        if self.memory is not None and self.memory.random() < self.forgets:
            world.story.tell("strategy", f"{self.kid} forgets {ids[0][:8]}")
            self.dropped, self.forgot = self.dropped + 1, True
            if self.memory.random() < 0.5:  # on the way all the same
                world.witness.events.update(ids)
                world.network.send_later(self.memory.choice([3.0, 40.0, 400.0]), self.kid, body)
            return ids
        world.witness.events.update(ids)
        self.spool.append(Entry(body, ids, self.key))
        self.deliver()
        return ids

    def deliver(self) -> None:
        """Post what waits, oldest first."""
        mono = self.world.clock.monotonic()
        self.retry_at = float("inf")
        for entry in list(self.spool):
            if mono < entry.not_before:
                continue
            if not self._post(entry):
                break
        if self.spool:
            self.retry_at = mono + self.world.network.chance.choice([5.0, 20.0, 60.0])

    def _post(self, entry: Entry) -> bool:
        """Post one body a few times; False when nothing answers just now."""
        for _ in range(RETRIES):
            answer = self.world.network.post(self.kid, entry.body)
            if answer is None:
                continue
            status, body = answer
            if status == 200 and self._believes(entry, body):
                return True
            if status not in BUSY:
                entry.not_before = self.world.clock.monotonic() + 10  # keep it, try the others
                return True
        return False

    def _believes(self, entry: Entry, answer: bytes) -> bool:
        if b'"m"' not in answer:
            return False
        st, _ = self.sender.read_ack(entry.body, answer)
        self.overtaken = self.overtaken or self.spool[0] is not entry
        self.spool.remove(entry)
        self.acked.append(entry)
        kept = json.loads(entry.body)
        with self.world.journal.look() as look:
            body_id = base64.b64decode(kept["i"]).hex()
            if not look.rows("SELECT 1 FROM bodies WHERE kid = ? AND body_id = ?", (self.kid, body_id)):
                raise Violation(f"I1: {entry.ids[0]} was acknowledged and is not stored")
        self.world.story.tell("heard", f"{entry.ids[0][:8]} of {self.kid}: {st}")
        return True


@dataclass(slots=True)
class Network:
    """Between all senders and the receiver; `rates` by what happens to a request."""

    world: SimulatedDesk
    rates: dict[str, float] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    under_way: list[tuple[float, int, str, bytes]] = field(default_factory=list)
    seen: list[tuple[str, bytes]] = field(default_factory=list)  # what somebody on the way could replay
    down: bool = False
    _count: int = 0

    @property
    def chance(self):
        return self.world.weather

    def line(self, kid: str) -> Line:
        if kid not in self.lines:
            self.lines[kid] = Line(kid, self.world)
        return self.lines[kid]

    def post(self, kid: str, body: bytes) -> tuple[int, bytes] | None:
        """What a sender gets: status and body, None when no answer comes."""
        fate = self._fate()
        if self.down or fate == "lost":
            return None
        if fate == "forged":
            return self.chance.choice([(404, b"The page you requested was not found."), (200, b"ok")])
        if fate == "delayed":  # the sender gives up and sends it again; this one arrives later
            self.send_later(self.chance.choice([3.0, 40.0, 400.0, 3600.0, 86400.0]), kid, body)
            return None
        answer = self._arrive(kid, body)
        if fate == "twice":
            self._arrive(kid, body)
        if fate == "replayed":
            self.send_later(self.chance.choice([60.0, 3600.0, 86400.0]), kid, body)
        return None if fate == "unanswered" else answer

    def _fate(self) -> str:
        for what, rate in self.rates.items():
            if self.chance.random() < rate:
                self.world.story.count(f"network {what}")
                return what
        return ""

    def send_later(self, seconds: float, kid: str, body: bytes) -> None:
        self._count += 1
        heapq.heappush(self.under_way, (self.world.clock.monotonic() + seconds, self._count, kid, body))

    def _arrive(self, kid: str, body: bytes) -> tuple[int, bytes] | None:
        self.seen.append((kid, body))
        return self.world.receive(body)

    def next_due(self) -> float:
        """Monotonic time at which something happens by itself."""
        due = self.under_way[0][0] if self.under_way else float("inf")
        return min([due, *(line.retry_at for line in self.lines.values())])

    def run(self) -> None:
        mono = self.world.clock.monotonic()
        while self.under_way and self.under_way[0][0] <= mono:
            _, _, kid, body = heapq.heappop(self.under_way)
            self._arrive(kid, body)
        for line in self.lines.values():
            if line.retry_at <= mono:
                line.deliver()

    def replay(self) -> None:
        """Somebody on the way sends an old body again."""
        if self.seen:
            self._arrive(*self.chance.choice(self.seen))

    def forge(self) -> None:
        """The same id with another content, signed by the right key; the sender has broken its word."""
        known = [(line, entry) for line in self.lines.values() for entry in line.acked if entry.key == line.key]
        if not known:
            return
        line, entry = self.chance.choice(known)
        kept = json.loads(entry.body)
        plain = b'{"y":"h","q":0,"r":"s","d":1}'
        other = line.sender.body(
            plain, at=self.world.jq_now() + timedelta(seconds=1), body_id=base64.b64decode(kept["i"])
        )
        answer = self.world.receive(other)
        if answer is not None and answer[0] == 200:
            raise Violation("I2: another content under a known id was acknowledged")

    def calm(self) -> None:
        self.rates.clear()
        self.down = False
        for line in self.lines.values():
            line.forgets = 0.0
            for entry in line.spool:
                entry.not_before = 0.0
