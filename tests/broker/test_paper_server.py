import json
import queue
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.broker import BrokerUnavailable
from desk.broker.paper import SnapshotTrouble
from desk.broker.paper.client import ExchangeRefused, RemotePaperBroker
from desk.broker.paper.codec import from_json, to_json
from desk.broker.paper.server import PaperServer
from desk.core.market import Outcome, PlaceRequest, Report, ReportKind, Snapshot
from desk.core.values import BrokerStatus, Side

from .stage import Stage, at, pinned

STOCK = "600000.SH"
ROOT = Path(__file__).resolve().parents[2]


class Heard:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()

    def __call__(self, report: Report) -> None:
        self._reports.put(report)

    def next(self) -> Report:
        return self._reports.get(timeout=10)

    def until(self, kind: ReportKind) -> list[Report]:
        reports = [self.next()]
        while reports[-1].kind is not kind:
            reports.append(self.next())
        return reports


def request(remark: str, shares: int = 100, price: str = "10.01", side: Side = Side.BUY) -> PlaceRequest:
    return PlaceRequest(client_order_id=remark, symbol=STOCK, side=side, shares=shares, price=D(price), strategy="试")


@contextmanager
def served(tmp_path, stage: Stage, **options):
    """Serve a stage's exchange from this process, its time brought by the requests; tell a broker that is open."""
    with PaperServer(stage.exchange, None) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.write_port_file(tmp_path / "port.json")
        broker = RemotePaperBroker("模拟", tmp_path / "port.json", lambda: stage.now, **options)
        heard = Heard()
        broker.open(heard)
        try:
            yield broker, heard
        finally:
            broker.close()
            server.shutdown()
            thread.join()


def test_records_travel_as_json_and_come_back_the_same():
    stage = pinned()
    stage.exchange.deposit(STOCK, 100, D(9))
    stage.buy(STOCK, 100, "10.01")
    stage.ticks()
    for kind, record in [(Snapshot, stage.snapshot), *((Report, report) for report in stage.reports)]:
        assert from_json(kind, json.loads(json.dumps(to_json(record)))) == record
    assert from_json(Snapshot | None, None) is None
    with pytest.raises(TypeError):
        from_json(int, "7")
    with pytest.raises(TypeError):
        to_json(object())


def test_a_remote_broker_does_what_a_near_one_does(tmp_path):
    stage = pinned()
    with served(tmp_path, stage) as (broker, heard):
        assert heard.next().kind is ReportKind.CONNECTED
        assert broker.connected
        assert broker.quote(STOCK) == stage.broker.quote(STOCK)
        assert broker.instrument(STOCK, D("9.00")) == stage.broker.instrument(STOCK)
        answer = broker.place(request("a-1"))
        assert answer.outcome is Outcome.ACCEPTED
        assert broker.place(request("a-2", shares=150)).outcome is Outcome.REFUSED
        assert broker.place(request("a-3", price="9.90")).outcome is Outcome.ACCEPTED
        assert broker.cancel("a-3", "").outcome is Outcome.ACCEPTED
        stage.now += timedelta(seconds=1)
        snapshot = broker.snapshot()
        assert [(o.client_order_id, o.status.value) for o in snapshot.orders] == [
            ("a-1", "filled"),
            ("a-2", "rejected"),
            ("a-3", "cancelled"),
        ]
        assert snapshot == stage.snapshot
        trade = heard.until(ReportKind.TRADE)[-1].trade
        assert (trade.client_order_id, trade.shares, trade.fee) == ("a-1", 100, D("5.01"))


def test_the_exchange_takes_orders_from_a_test_over_the_line(tmp_path):
    stage = Stage(now=at("10:00"))
    with served(tmp_path, stage) as (broker, _heard):
        broker.order_exchange("scene", symbol=STOCK, price="10.00", thin=200)
        assert broker.quote(STOCK).asks == ((D("10.01"), 200),)
        broker.order_exchange("deposit", symbol=STOCK, shares=500, cost="9.00")
        broker.order_exchange("withdraw", symbol=STOCK, shares=100)
        broker.order_exchange("corporate_action", symbol=STOCK, day="2026-11-23", factor="1.5")
        order = broker.order_exchange("trade_by_hand", symbol=STOCK, side="sell", shares=200)
        assert order["client_order_id"] == ""
        stage.now += timedelta(seconds=1)
        broker.order_exchange("advance")
        assert [(p.shares, p.sellable) for p in broker.snapshot().positions] == [(200, 200)]
        broker.order_exchange("fault", kind="place", trouble="unanswered")
        assert broker.place(request("a-1")).outcome is Outcome.NO_ANSWER
        broker.order_exchange("fault", kind="snapshot", trouble="none", rate=1)
        assert broker.snapshot() is None
        del stage.faults.rates[SnapshotTrouble.NONE]
        broker.order_exchange("delays", cancel_delay_s=9, invisible_s=60)
        assert stage.faults.cancel_delay_s == 9
        assert [o.client_order_id for o in broker.snapshot().orders] == []
        broker.order_exchange("delays", invisible_s=0)
        stage.now = at("10:00", date(2026, 11, 23))
        assert [p.shares for p in broker.snapshot().positions] == [450]  # 200 + 100 bought, x 1.5
        for verb, facts in (("scene", {"symbol": STOCK, "thin": 1}), ("nonsense", {}), ("deposit", {"symbol": STOCK})):
            with pytest.raises(ExchangeRefused):
                broker.order_exchange(verb, **facts)


def test_a_late_answer_comes_as_a_report_over_the_line_too(tmp_path):
    stage = pinned()
    with served(tmp_path, stage) as (broker, heard):
        broker.order_exchange("fault", kind="place", trouble="answered_late", seconds=2)
        assert broker.place(request("a-1")) is None
        stage.now += timedelta(seconds=3)
        broker.order_exchange("advance")
        late = heard.until(ReportKind.PLACED)[-1]
        assert (late.client_order_id, late.placed.outcome) == ("a-1", Outcome.ACCEPTED)


def test_a_broken_line_is_told_and_the_next_connection_is_another_generation(tmp_path):
    stage = pinned()
    with served(tmp_path, stage) as (broker, heard):
        broker.place(request("a-1", price="10.00"))
        broker.order_exchange("disconnect")
        heard.until(ReportKind.DISCONNECTED)
        assert not broker.connected
        assert broker.place(request("a-2")).outcome is Outcome.NO_ANSWER
        assert broker.cancel("a-1", "").outcome is Outcome.NO_ANSWER
        assert broker.snapshot() is broker.quote(STOCK) is broker.instrument(STOCK) is None
        again = Heard()
        with pytest.raises(BrokerUnavailable):
            broker.open(again)
        stage.exchange.reconnect()
        broker.open(again)
        assert again.next().generation == broker.generation == broker.snapshot().generation == 3
        assert [o.client_order_id for o in broker.snapshot().orders] == ["a-1"]


def test_an_answer_after_the_callers_patience_is_a_report(tmp_path):
    stage = pinned()
    with served(tmp_path, stage, answer_within_s=0.05) as (broker, heard):
        with stage.exchange._lock:  # the exchange hangs
            assert broker.place(request("a-1")).outcome is Outcome.NO_ANSWER
        late = heard.until(ReportKind.PLACED)[-1]
        assert (late.client_order_id, late.placed.outcome) == ("a-1", Outcome.ACCEPTED)


def test_nobody_gets_in_without_the_token_of_the_port_file(tmp_path):
    stage = pinned()
    with served(tmp_path, stage):
        facts = json.loads((tmp_path / "port.json").read_text(encoding="utf-8"))
        for greeting in (b'{"token": "wrong"}\n', b"{}\n", b"nonsense\n", b"[]\n"):
            with socket.create_connection(("127.0.0.1", facts["port"]), timeout=10) as line:
                line.sendall(greeting + b'{"id": 1, "verb": "snapshot"}\n')
                assert _rest(line) == b""


def _rest(line: socket.socket) -> bytes:
    try:
        return line.recv(100)
    except ConnectionResetError:
        return b""


def test_without_a_process_there_is_no_connection(tmp_path):
    broker = RemotePaperBroker("模拟", tmp_path / "port.json", lambda: at("10:00"))
    assert not broker.connected
    with pytest.raises(BrokerUnavailable):
        broker.open(Heard())
    (tmp_path / "port.json").write_text('{"port": 1, "token": "x"}', encoding="utf-8")
    with pytest.raises(BrokerUnavailable):
        broker.open(Heard())
    assert broker.snapshot() is None


@contextmanager
def process(tmp_path, *options: str):
    """Run the exchange as a process of its own; it ends with its standard input."""
    port_file = tmp_path / "port.json"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "desk.broker.paper.server", "--store", str(tmp_path / "paper.db"),
               "--port-file", str(port_file), "--follow-stdin", *options]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    bell = threading.Event()
    try:
        for _ in range(1000):
            if port_file.exists() or server.poll() is not None:
                break
            bell.wait(0.01)
        assert server.poll() is None, server.stderr.read().decode()
        yield server, port_file
    finally:
        server.kill()
        server.communicate(timeout=10)


def test_a_killed_exchange_comes_back_with_everything_it_had_answered(tmp_path):
    now = at("10:00")
    driven = ("--driven", "--now", now.isoformat(), "--initial-cash", "50000", "--seed", "3")
    with process(tmp_path, *driven) as (server, port_file):
        broker = RemotePaperBroker("模拟", port_file, lambda: now)
        heard = Heard()
        broker.open(heard)
        broker.order_exchange("scene", symbol=STOCK, price="10.00", thin=100)
        assert broker.place(request("a-1", shares=300)).outcome is Outcome.ACCEPTED
        now += timedelta(milliseconds=250)
        before = broker.snapshot()
        assert [o.filled for o in before.orders] == [100]
        assert broker.place(request("a-2", price="9.90")).outcome is Outcome.ACCEPTED
        server.kill()
        heard.until(ReportKind.DISCONNECTED)
        assert broker.place(request("a-3")).outcome is Outcome.NO_ANSWER
    with process(tmp_path, *driven[:2], now.isoformat(), *driven[3:]) as (_server, port_file):
        broker.open(heard)
        after = broker.snapshot()
        assert after.trades == before.trades
        assert [(o.client_order_id, o.filled) for o in after.orders] == [("a-1", 100), ("a-2", 0)]
        assert after.asset.cash + after.asset.frozen_cash == before.asset.cash + before.asset.frozen_cash
        now += timedelta(seconds=1)
        assert broker.snapshot().orders[0].status is BrokerStatus.FILLED
        assert broker.place(request("a-2")).outcome is Outcome.REFUSED
        broker.close()


def test_an_exchange_killed_in_a_burst_of_orders_keeps_each_one_that_it_accepted(tmp_path):
    now = at("10:00")
    driven = ("--driven", "--now", now.isoformat())
    with process(tmp_path, *driven) as (server, port_file):
        broker = RemotePaperBroker("模拟", port_file, lambda: now)
        broker.open(Heard())
        broker.order_exchange("scene", symbol=STOCK, price="10.00")
        outcomes = {}
        for n in range(200):
            if n == 40:  # somewhere in the ten orders that follow
                threading.Thread(target=server.kill).start()
            outcomes[f"r-{n}"] = broker.place(request(f"r-{n}", price="10.00")).outcome
            if outcomes[f"r-{n}"] is not Outcome.ACCEPTED:
                break
        assert server.wait(timeout=10) != 0
    with process(tmp_path, *driven) as (_server, port_file):
        broker.open(Heard())
        snapshot = broker.snapshot()
        there = [order.client_order_id for order in snapshot.orders]
        accepted = [remark for remark, outcome in outcomes.items() if outcome is Outcome.ACCEPTED]
        assert there[: len(accepted)] == accepted
        assert set(there) <= set(outcomes)
        assert snapshot.asset.frozen_cash == len(there) * D("1005.01")  # 1000.00 + 5.00 + 0.01 each
        broker.close()


def test_a_process_with_the_systems_clock_ticks_by_itself_and_stops_when_told(tmp_path):
    with process(tmp_path, "--always-open") as (server, port_file):
        broker = RemotePaperBroker("模拟", port_file, lambda: datetime(2026, 1, 1, tzinfo=BEIJING))
        heard = Heard()
        broker.open(heard)
        ask = broker.quote(STOCK, D("10.00")).asks[0][0]
        assert broker.place(request("a-1", price=str(ask))).outcome is Outcome.ACCEPTED
        assert heard.until(ReportKind.TRADE)[-1].trade.price == ask
        broker.order_exchange("stop")
        heard.until(ReportKind.DISCONNECTED)
        assert server.wait(timeout=10) == 0
        broker.close()


def test_a_process_ends_with_the_one_that_started_it(tmp_path):
    with process(tmp_path, "--driven", "--now", at("10:00").isoformat()) as (server, _port_file):
        server.stdin.close()
        assert server.wait(timeout=10) == 0
        server.stdin = None
