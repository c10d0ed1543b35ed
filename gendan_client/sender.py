"""Send one strategy's messages so that none is lost and none counts twice.

A message is in the spool, durably, before `put` returns; it goes out with the same bytes until the receiver's signed
answer for these very bytes is here. Whatever else comes back, the message stays and is tried again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from gendan_client.errors import (
    BadAnswer,
    ClockRefused,
    DamagedMessage,
    Expired,
    ForeignMessage,
    GendanError,
    NoAnswer,
    Refused,
    Unreachable,
    Unsigned,
)
from gendan_client.events import Event, TestOrder, fields_of
from gendan_client.exact import to_json
from gendan_client.outside import Backoff, Outside, System, new_id
from gendan_client.positions import Reading, upload_form
from gendan_client.spool import EVENTS, TARGET, Message, Spool
from gendan_client.transport import Answer, HttpTransport, Request, Transport, base_address
from gendan_client.wire import Ack, Body, Keys

MAX_EVENTS = 50
MAX_BODY_BYTES = 60_000  # the receiver takes 64 KiB
TARGET_WINDOW_MS = 300_000
_MARGIN_MS = 10_000  # a target this near to the window's end is not sent any more
_IDLE_S = 1.0
_PATHS = {EVENTS: "/api/order", TARGET: "/api/v1/positions/update"}


@dataclass(frozen=True)
class Receipt:
    """The receiver has signed that it has this message; `state`: accepted, or duplicate (it had it already)."""

    message: Message
    state: str


@dataclass(frozen=True)
class Failure:
    """A message that is not delivered. With `error.retry_safe` it stays in the spool and is due in `due_in_s`."""

    message: Message | None
    error: GendanError
    due_in_s: float = 0.0


@dataclass(frozen=True)
class Delivery:
    """What one pass over the spool has done."""

    receipts: tuple[Receipt, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def complete(self) -> bool:
        """All that was in the spool is with the receiver, and nothing was refused."""
        return not self.failures

    @property
    def refused(self) -> tuple[Failure, ...]:
        """What will not be delivered as it is."""
        return tuple(failure for failure in self.failures if not failure.error.retry_safe)


@dataclass
class _Wait:
    """Why and until when something is not tried."""

    error: GendanError
    failures: int = 0
    until: float = field(default=0.0)


class Sender:
    """Thread-safe: any thread may `put`, one at a time delivers. One per folder (SpoolInUse); `close` at the end."""

    def __init__(
        self,
        address: str,
        kid: str,
        secret: str,
        folder: str | Path,
        *,
        transport: Transport | None = None,
        outside: Outside | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """`address`: the receiver's, `http://1.2.3.4:8888`. Raises ValueError, SpoolInUse, OSError."""
        self._base = base_address(address)
        self._keys = Keys(kid, secret)
        self._transport = transport or HttpTransport()
        self._outside = outside or System()
        self._backoff = backoff or Backoff()
        self._spool = Spool(Path(folder))
        self._putting, self._delivering = threading.Lock(), threading.Lock()
        self._line: _Wait | None = None  # while nothing can be reached at all
        self._waits: dict[str, _Wait] = {}  # message id -> why this one waits

    def close(self) -> None:
        """What is not delivered stays in the folder, for the next start."""
        self._spool.close()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> tuple[Message, ...]:
        """What is not acknowledged yet, oldest first."""
        return self._spool.messages()

    # --- writing down -------------------------------------------------------------------------------------------------

    def put(self, *events: Event) -> tuple[Message, ...]:
        """Write events down durably, in this order; nothing is sent yet.

        Raises ValueError, OSError: then nothing is written.
        """
        with self._putting:
            seq = self._spool.next_seq
            numbered: list[tuple[Event, int]] = []
            for event in events:
                numbered.append((event, 0 if isinstance(event, TestOrder) else seq))
                seq += not isinstance(event, TestOrder)
            messages = [
                message
                for start in range(0, len(numbered), MAX_EVENTS)
                for message in self._packed(numbered[start : start + MAX_EVENTS])
            ]
            written = self._spool.add(messages, seq)
        return written

    def put_target(self, strategy: str, reading: Reading) -> Message:
        """Write down a whole list of target positions; it takes the place of one that still waits.

        Raises ValueError, OSError: then nothing is written.
        """
        plaintext = to_json(upload_form(strategy, reading)).encode("utf-8")
        held = sum(1 for position in reading.positions if position.shares)
        words = f"目标持仓 {strategy}（{held} 只）"
        with self._putting:
            made = self._message(TARGET, plaintext, words, 0, strategy)
            older = [m for m in self._spool.messages() if m.kind == TARGET and m.about == strategy]
            (written,) = self._spool.add([made], self._spool.next_seq)
            for message in older:
                self._spool.take_out(message)
        return written

    def _packed(self, events: Sequence[tuple[Event, int]]) -> list[Message]:
        fields = [fields_of(event, seq) for event, seq in events]
        plaintext = to_json(fields[0] if len(fields) == 1 else fields).encode("utf-8")
        if len(plaintext) * 4 // 3 > MAX_BODY_BYTES - 1000 and len(events) > 1:
            half = len(events) // 2
            return self._packed(events[:half]) + self._packed(events[half:])
        words = "、".join(event.words() for event, _ in events[:3]) + (" 等" if len(events) > 3 else "")
        return [self._message(EVENTS, plaintext, words, max(seq for _, seq in events), "")]

    def _message(self, kind: str, plaintext: bytes, words: str, last_seq: int, about: str) -> Message:
        body = self._keys.pack(new_id(self._outside), self._outside.now_ms(), plaintext)
        if len(body.content) > MAX_BODY_BYTES:
            raise ValueError(f"内容太长，无法发送：{words}")
        return Message(
            kind=kind, id=body.body_id.hex(), content=body.content.decode("ascii"), words=words,
            last_seq=last_seq, about=about,
        )  # fmt: skip

    # --- delivering ---------------------------------------------------------------------------------------------------

    def send(self, *events: Event) -> Delivery:
        """`put`, then `deliver`."""
        self.put(*events)
        return self.deliver()

    def deliver(self) -> Delivery:
        """Try once everything that is due, oldest first; never waits between two tries."""
        with self._delivering:
            receipts: list[Receipt] = []
            failures = [Failure(None, DamagedMessage(f"待发文件 {path.name} 无法读取")) for path in self._spool.damaged]
            silent: GendanError | None = None
            for message in self._spool.messages():
                stopped = silent or self._waited_for(message)
                if stopped is None:
                    try:
                        receipts.append(self._deliver_one(message))
                        continue
                    except GendanError as error:
                        stopped = error
                        silent = error if isinstance(error, (Unreachable, NoAnswer)) else None
                failures.append(Failure(message, stopped, self._due_in_s(message)))
            return Delivery(tuple(receipts), tuple(failures))

    def run(self, stop: threading.Event) -> None:
        """Deliver again and again until `stop` is set; for a thread of its own."""
        while not stop.is_set():
            due = [one.due_in_s for one in self.deliver().failures if one.error.retry_safe]
            self._outside.wait(stop, min([_IDLE_S, *due]))

    def _waited_for(self, message: Message) -> GendanError | None:
        now = self._outside.monotonic()
        for wait in (self._line, self._waits.get(message.id)):
            if wait is not None and now < wait.until:
                return wait.error
        return None

    def _due_in_s(self, message: Message) -> float:
        now = self._outside.monotonic()
        waits = [wait.until - now for wait in (self._line, self._waits.get(message.id)) if wait is not None]
        return max([0.0, *waits])

    def _deliver_one(self, message: Message) -> Receipt:
        body = self._keys.own(message.content.encode("ascii", "replace"))
        if body is None:
            raise ForeignMessage(f"不是用现在的密钥加密的，无法补发，请核对后移走：{message.words}")
        if message.kind == TARGET:
            body = self._fresh_target(message, body)
        url = self._base + _PATHS[message.kind]
        try:
            answer = self._transport(Request("POST", url, {"Content-Type": "application/json"}, body.content))
        except Unreachable as error:
            self._line = self._longer(self._line, error)
            raise
        except (NoAnswer, BadAnswer) as error:
            self._wait(message, error)
            raise
        self._line = None
        ack = self._keys.read_ack(body, answer.body)
        if ack is None:
            unsigned = _unsigned(answer)
            self._wait(message, unsigned)
            raise unsigned
        return self._settle(message, ack)

    def _fresh_target(self, message: Message, body: Body) -> Body:
        """A list is taken once per id, and only within its window; the time at which it was made stays what it was."""
        age_ms = self._outside.now_ms() - body.t_ms
        if age_ms > TARGET_WINDOW_MS - _MARGIN_MS:
            aside = self._spool.set_aside(message)
            raise Expired(f"过时了，没有发送（已移到 {aside.parent.name}），请重新读取持仓：{message.words}")
        return self._keys.again(body, new_id(self._outside))

    def _wait(self, message: Message, error: GendanError) -> None:
        self._waits[message.id] = self._longer(self._waits.get(message.id), error)

    def _longer(self, before: _Wait | None, error: GendanError) -> _Wait:
        failures = 1 if before is None else before.failures + 1
        wish = error.retry_after_s if isinstance(error, Unsigned) else 0.0
        delay = self._backoff.delay_s(failures, self._outside, wish)
        return _Wait(error, failures, self._outside.monotonic() + delay)

    def _settle(self, message: Message, ack: Ack) -> Receipt:
        self._waits.pop(message.id, None)
        if ack.state == "refused":
            self._spool.set_aside(message)
        else:
            self._spool.take_out(message)
        if message.kind == EVENTS:
            with self._putting:
                self._spool.raise_seq(ack.next_seq)
        if ack.state == "refused":
            raise Refused(f"接收端收到了，但内容无法使用（已移到 refused）：{message.words}")
        if ack.state == "clock":
            raise ClockRefused(f"本机时钟快了十分钟以上，接收端不执行：{message.words}")
        return Receipt(message, ack.state)


def _unsigned(answer: Answer) -> Unsigned:
    said = answer.body[:200].decode("utf-8", "replace")
    return Unsigned(f"应答没有签名（HTTP {answer.status}）：{said}", answer.status, answer.retry_after_s)
