"""A Broker whose exchange is a process of its own (see `server`)."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from desk.broker import BrokerUnavailable, Sink
from desk.broker.paper.codec import from_json, to_json
from desk.core.market import (
    CancelAnswer,
    Instrument,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Quote,
    Report,
    ReportKind,
    Snapshot,
)
from desk.texts import paper as words


class NoAnswer(Exception):
    """The exchange has not answered in time, or the connection is gone; the request may have been carried out."""


class ExchangeRefused(Exception):
    """The exchange would not carry the request out."""


class PaperLine:
    """One connection to the exchange's process; requests from any thread, one reader thread of its own.

    `on_late` gets answers that came after their caller had given up, `on_report` the reports, `on_lost` is called once.
    """

    def __init__(
        self,
        port_file: Path,
        *,
        answer_within_s: float,
        on_report: Callable[[Report], None] = lambda report: None,
        on_late: Callable[[dict[str, Any], Any], None] = lambda request, result: None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._answer_within_s = answer_within_s
        self._on_report, self._on_late, self._on_lost = on_report, on_late, on_lost
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: dict[int, tuple[dict[str, Any], queue.SimpleQueue[dict[str, Any]]]] = {}
        self._given_up: dict[int, dict[str, Any]] = {}
        try:
            facts = json.loads(port_file.read_text(encoding="utf-8"))
            self._socket = socket.create_connection(("127.0.0.1", int(facts["port"])), timeout=answer_within_s)
            self._socket.settimeout(None)
            self._socket.sendall(json.dumps({"token": facts["token"]}).encode() + b"\n")
        except (OSError, ValueError, KeyError) as error:
            raise BrokerUnavailable(words.NOT_CONNECTED) from error
        self.alive = True
        threading.Thread(target=self._read, name="paper-line", daemon=True).start()

    def ask(self, verb: str, **facts: Any) -> Any:
        """Send a request and wait for its result; raise NoAnswer or ExchangeRefused."""
        box: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._lock:
            if not self.alive:
                raise NoAnswer
            self._count += 1
            number = self._count
            request = {"id": number, "verb": verb, **{key: to_json(value) for key, value in facts.items()}}
            self._waiting[number] = (request, box)
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            except OSError as error:
                raise NoAnswer from error
        try:
            answer = box.get(timeout=self._answer_within_s)
        except queue.Empty:
            with self._lock:
                if self._waiting.pop(number, None) is not None:
                    self._given_up[number] = request
                    raise NoAnswer from None
            answer = box.get()  # it came in the very last moment
        if "error" in answer:
            raise ExchangeRefused(answer["error"])
        if "result" not in answer:
            raise NoAnswer
        return answer["result"]

    def close(self) -> None:
        """Hang up; nothing is told afterwards."""
        self._on_lost = lambda: None
        with contextlib.suppress(OSError):  # the other side may have hung up already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    self._take(json.loads(line))
        except (OSError, ValueError):
            pass  # a cut connection ends in the middle of a line: what follows is the same as at its end
        with self._lock:
            self.alive = False
            waiting, self._waiting = self._waiting, {}
        self._socket.close()
        for _, box in waiting.values():
            box.put({})
        self._on_lost()

    def _take(self, line: dict[str, Any]) -> None:
        if "report" in line:
            self._on_report(from_json(Report, line["report"]))
            return
        with self._lock:
            _, box = self._waiting.pop(line["id"], (None, None))
            late = self._given_up.pop(line["id"], None)
        if box is not None:
            box.put(line)
        elif late is not None and line.get("result") is not None:
            self._on_late(late, line["result"])


class RemotePaperBroker:
    """The paper channel over a line to the exchange's process; `line.ask` reaches its other verbs as well."""

    channel = "paper"

    def __init__(
        self,
        account: str,
        port_file: Path,
        now: Callable[[], datetime],
        *,
        settle_s: float = 0.0,
        answer_within_s: float = 5.0,
    ) -> None:
        self.account = account
        self.settle_s = settle_s
        self.look_every_s = 0.0 if settle_s == 0 else 1.0
        self.answer_within_s = answer_within_s
        self._port_file = port_file
        self._now = now
        self._sink: Sink = lambda report: None
        self._line: PaperLine | None = None
        self._up = False
        self._generation = 0

    @property
    def connected(self) -> bool:
        return self._up and self._line is not None and self._line.alive

    @property
    def generation(self) -> int:
        return self._generation

    def open(self, sink: Sink) -> None:
        self.close()
        self._generation += 1
        generation = self._generation
        self._sink = sink
        self._line = PaperLine(
            self._port_file,
            answer_within_s=self.answer_within_s,
            on_report=lambda report: self._hear(generation, report),
            on_late=lambda request, result: self._hear_late(generation, request, result),
            on_lost=lambda: self._lost(generation),
        )
        try:
            self._up = True  # before the answer: a disconnection may follow on its heels
            self._line.ask("open", now=self._now())
        except (NoAnswer, ExchangeRefused) as error:
            self.close()
            raise BrokerUnavailable(words.NOT_CONNECTED) from error

    def close(self) -> None:
        self._up = False
        if self._line is not None:
            self._line.close()
            self._line = None

    def _hear(self, generation: int, report: Report) -> None:
        if generation != self._generation:
            return
        if report.kind is ReportKind.DISCONNECTED:
            self._up = False
        self._sink(replace(report, generation=generation))

    def _hear_late(self, generation: int, request: dict[str, Any], result: Any) -> None:
        report = Report(kind=ReportKind.PLACED, generation=generation, at=self._now())
        if request["verb"] == "place":
            remark = request["request"]["client_order_id"]
            self._hear(generation, replace(report, client_order_id=remark, placed=from_json(PlaceAnswer, result)))
        elif request["verb"] == "cancel":
            cancelled, remark = from_json(CancelAnswer, result), request["client_order_id"]
            late = replace(report, kind=ReportKind.CANCEL, client_order_id=remark, cancelled=cancelled)
            self._hear(generation, late)

    def _lost(self, generation: int) -> None:
        if self._up:
            self._hear(generation, Report(kind=ReportKind.DISCONNECTED, generation=generation, at=self._now()))

    def _ask(self, verb: str, **facts: Any) -> Any:
        line = self._line
        if line is None or not self.connected:
            raise NoAnswer
        return line.ask(verb, now=self._now(), **facts)

    def place(self, request: PlaceRequest) -> PlaceAnswer | None:
        try:
            answer = self._ask("place", request=request)
        except (NoAnswer, ExchangeRefused) as error:
            return PlaceAnswer(outcome=Outcome.NO_ANSWER, text=str(error) or words.NO_ANSWER)
        return None if answer is None else _placed(answer)

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer | None:
        try:
            answer = self._ask("cancel", client_order_id=client_order_id, broker_order_id=broker_order_id)
        except (NoAnswer, ExchangeRefused) as error:
            return CancelAnswer(outcome=Outcome.NO_ANSWER, text=str(error) or words.NO_ANSWER)
        return None if answer is None else _cancelled(answer)

    def snapshot(self) -> Snapshot | None:
        try:
            answer: Snapshot | None = from_json(Snapshot | None, self._ask("snapshot"))
        except (NoAnswer, ExchangeRefused):
            return None
        return None if answer is None else replace(answer, generation=self._generation)

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        try:
            answer: Quote | None = from_json(Quote | None, self._ask("quote", symbol=symbol, anchor=anchor))
        except (NoAnswer, ExchangeRefused):
            return None
        return answer

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None:
        try:
            result = self._ask("instrument", symbol=symbol, anchor=anchor)
        except (NoAnswer, ExchangeRefused):
            return None
        answer: Instrument | None = from_json(Instrument | None, result)
        return answer

    def order_exchange(self, verb: str, **facts: Any) -> Any:
        """Have the exchange do what only a demo or a test asks: scene, deposit, fault, advance, disconnect, ..."""
        return self._ask(verb, **facts)


def _placed(answer: Any) -> PlaceAnswer:
    placed: PlaceAnswer = from_json(PlaceAnswer, answer)
    return placed


def _cancelled(answer: Any) -> CancelAnswer:
    cancelled: CancelAnswer = from_json(CancelAnswer, answer)
    return cancelled
