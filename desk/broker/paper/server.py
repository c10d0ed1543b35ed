"""The exchange as a process of its own: JSON lines over loopback TCP.

A request is `{"id": 1, "verb": "place", "now": "...", ...}`, its answer `{"id": 1, "result": ...}` or
`{"id": 1, "error": "..."}`; reports come between them as `{"report": {...}}`. The first line of a connection is
`{"token": "..."}` with the token of the port file. With `--driven` the exchange's time is what requests carry as `now`,
otherwise the system's. `python -m desk.broker.paper.server --store FILE --port-file FILE --help` tells the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import json
import os
import queue
import socketserver
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from desk.broker import BrokerUnavailable
from desk.broker.paper.channel import PaperBroker
from desk.broker.paper.codec import from_json, to_json
from desk.broker.paper.exchange import PaperExchange
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble, Trouble
from desk.broker.paper.replay import DEFAULT_SEED, feed_of
from desk.clock import Clock, SystemClock, fresh_bytes
from desk.core.config import AccountConfig
from desk.core.market import PlaceRequest, Report
from desk.core.values import Side

TICK_EVERY_S = 0.25
_GREETING_BYTES = 1024  # nobody is known yet
_TROUBLES: dict[str, type[Trouble]] = {
    "place": PlaceTrouble,
    "cancel": CancelTrouble,
    "report": ReportTrouble,
    "snapshot": SnapshotTrouble,
}
_LAST_WORDS_S = 5.0

Request = dict[str, Any]


class _Visit(socketserver.StreamRequestHandler):
    """One connection; its reports and answers leave through one queue, so that nothing waits for a slow reader."""

    server: PaperServer

    def handle(self) -> None:
        greeting = _parse(self.rfile.readline(_GREETING_BYTES))
        token = str(greeting.get("token", "")).encode(
            "utf-8", "replace"
        )  # compare_digest takes no other text than ASCII
        if not hmac.compare_digest(token, self.server.token.encode("ascii")):
            return
        self._out: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._moment = self.server.exchange.now
        self._stops = False
        self._broker = PaperBroker("", self.server.exchange, self._now)
        writer = threading.Thread(target=self._write, name="paper-writer", daemon=True)
        writer.start()
        try:
            for line in self.rfile:
                self._out.put(self._answer(_parse(line)))
                if self._stops:
                    break
        except OSError:
            pass  # the other side is gone; there is nobody to tell
        finally:
            self._broker.close()
            self._out.put(None)
            writer.join(_LAST_WORDS_S if self._stops else None)  # who asked is answered before the process ends
            if self._stops:
                threading.Thread(target=self.server.shutdown, name="paper-stop").start()

    def _now(self) -> datetime:
        return self._moment if self.server.clock is None else self.server.clock.now()

    def _write(self) -> None:
        try:
            while (line := self._out.get()) is not None:
                self.wfile.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError:
            return

    def _report(self, report: Report) -> None:
        self._out.put({"report": to_json(report)})

    def _answer(self, request: Request) -> dict[str, Any]:
        number = request.get("id")
        try:
            if "now" in request:
                self._moment = datetime.fromisoformat(request["now"])
            verb = getattr(self, f"_do_{request.get('verb')}", None)
            if verb is None:
                return {"id": number, "error": f"unknown verb {request.get('verb')!r}"}
            return {"id": number, "result": to_json(verb(request))}
        except (ArithmeticError, BrokerUnavailable, KeyError, TypeError, ValueError) as error:
            return {"id": number, "error": f"{type(error).__name__}: {error}"}

    # --- the broker's verbs ---

    def _do_open(self, request: Request) -> None:
        self._broker.open(self._report)

    def _do_close(self, request: Request) -> None:
        self._broker.close()

    def _do_place(self, request: Request) -> object:
        return self._broker.place(from_json(PlaceRequest, request["request"]))

    def _do_cancel(self, request: Request) -> object:
        return self._broker.cancel(request["client_order_id"], request["broker_order_id"])

    def _do_snapshot(self, request: Request) -> object:
        return self._broker.snapshot()

    def _do_quote(self, request: Request) -> object:
        return self._broker.quote(request["symbol"], _decimal(request, "anchor"))

    def _do_instrument(self, request: Request) -> object:
        return self._broker.instrument(request["symbol"], _decimal(request, "anchor"))

    # --- what a person, a demo or a test does to the exchange ---

    def _do_advance(self, request: Request) -> None:
        self.server.exchange.advance(self._now())

    def _do_scene(self, request: Request) -> None:
        pins = {name: request[name] for name in ("limit_up", "limit_down", "suspended", "thin") if name in request}
        self.server.exchange.scene(request["symbol"], price=_decimal(request, "price"), **pins)

    def _do_trade_by_hand(self, request: Request) -> object:
        side, price = Side(request["side"]), _decimal(request, "price")
        return self.server.exchange.trade_by_hand(request["symbol"], side, request["shares"], price, self._now())

    def _do_deposit(self, request: Request) -> None:
        self.server.exchange.deposit(request["symbol"], request["shares"], Decimal(request["cost"]))

    def _do_withdraw(self, request: Request) -> None:
        self.server.exchange.withdraw(request["symbol"], request["shares"])

    def _do_corporate_action(self, request: Request) -> None:
        day, cash = date.fromisoformat(request["day"]), _decimal(request, "cash_per_share") or Decimal(0)
        self.server.exchange.corporate_action(request["symbol"], day, Decimal(request["factor"]), cash)

    def _do_fault(self, request: Request) -> None:
        """Order one trouble, `{"kind": "place", "trouble": "lost", "seconds": 1}`, or with `rate` make it frequent."""
        trouble = _TROUBLES[request["kind"]](request["trouble"])
        faults = self.server.exchange.faults
        if "rate" in request:
            faults.rates[trouble] = float(request["rate"])
        else:
            faults.once(trouble, float(request.get("seconds", 1.0)))

    def _do_delays(self, request: Request) -> None:
        faults = self.server.exchange.faults
        faults.cancel_delay_s = float(request.get("cancel_delay_s", faults.cancel_delay_s))
        faults.invisible_s = float(request.get("invisible_s", faults.invisible_s))

    def _do_disconnect(self, request: Request) -> None:
        self.server.exchange.disconnect()

    def _do_reconnect(self, request: Request) -> None:
        self.server.exchange.reconnect()

    def _do_stop(self, request: Request) -> None:
        self._stops = True


def _parse(line: bytes) -> Request:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def _decimal(request: Request, key: str) -> Decimal | None:
    value = request.get(key)
    return None if value is None else Decimal(value)


class PaperServer(socketserver.ThreadingTCPServer):
    """Serves one exchange on a free loopback port; `clock` None means that requests bring the time."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, exchange: PaperExchange, clock: Clock | None) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.exchange = exchange
        self.clock = clock
        self.token = fresh_bytes(16).hex()

    def write_port_file(self, file: Path) -> None:
        """Tell where the exchange listens: `{"port", "token", "pid"}`, in one piece."""
        facts = {"port": self.server_address[1], "token": self.token, "pid": os.getpid()}
        draft = file.with_name(file.name + ".new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)  # the token opens the exchange to every user of this PC who can read it
        draft.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(draft, file)


def _drive(exchange: PaperExchange, clock: Clock, stopped: threading.Event, stop: Callable[[], None]) -> None:
    """Run the exchange's time with the clock until it is told to stop, or cannot go on."""
    try:
        while not clock.wait(stopped, TICK_EVERY_S):
            exchange.advance(clock.now())
    except BrokerUnavailable:
        stop()


def main(argv: list[str] | None = None) -> int:
    options = _options().parse_args(argv)
    os.umask(0o077)  # its store tells what an account owns
    config = AccountConfig(
        name=options.account,
        initial_cash=options.initial_cash,
        commission_rate=options.commission_rate,
        min_commission=options.min_commission,
        feed=options.feed,
        feed_file=options.feed_file,
        always_open=options.always_open,
    )
    clock = None if options.driven else SystemClock()
    exchange = PaperExchange(
        store=Path(options.store) if options.store else None,
        clock_now=datetime.fromisoformat(options.now) if clock is None else clock.now(),
        config=config,
        feed=feed_of(config, seed=options.seed),
        is_trading_day=lambda day: day.weekday() < 5 and day not in options.closed,
    )
    stopped = threading.Event()
    with PaperServer(exchange, clock) as server:
        if clock is not None:
            drive = (exchange, clock, stopped, server.shutdown)
            threading.Thread(target=_drive, args=drive, name="paper-clock", daemon=True).start()
        if options.follow_stdin:
            threading.Thread(target=_follow_stdin, args=(server,), name="paper-stdin", daemon=True).start()
        server.write_port_file(Path(options.port_file))
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.05)
    stopped.set()
    exchange.close()
    return 0


def _follow_stdin(server: PaperServer) -> None:
    """Stop when the process that started this one is gone."""
    # Not through sys.stdin: its lock, held by a waiting reader, would abort the interpreter at its end.
    while os.read(sys.stdin.fileno(), 4096):
        continue
    server.shutdown()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m desk.broker.paper.server", description=__doc__)
    default = AccountConfig(name="paper")
    parser.add_argument("--store", default="", help="SQLite file; memory without it")
    parser.add_argument("--port-file", required=True, help="where port, token and pid are written")
    parser.add_argument("--account", default=default.name)
    parser.add_argument("--initial-cash", type=Decimal, default=default.initial_cash)
    parser.add_argument("--commission-rate", type=Decimal, default=default.commission_rate)
    parser.add_argument("--min-commission", type=Decimal, default=default.min_commission)
    parser.add_argument("--feed", default=default.feed, choices=("合成", "文件"))
    parser.add_argument("--feed-file", default="")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--always-open", action="store_true")
    parser.add_argument(
        "--closed", type=date.fromisoformat, action="append", default=[], help="a weekday without trading"
    )
    parser.add_argument("--driven", action="store_true", help="requests bring the time; needs --now")
    parser.add_argument("--now", default="", help="the first moment with --driven, ISO 8601 with offset")
    parser.add_argument("--follow-stdin", action="store_true", help="stop when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
