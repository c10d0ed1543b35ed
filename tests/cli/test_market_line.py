"""The line over which the console asks the trading process: what arrives is what was said, and its end is an end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.broker import BrokerUnavailable
from desk.cli import market_line
from desk.cli.config_watch import FilesChanged, TraderChanged
from desk.cli.market_line import MarketLine, Remembered, serve
from desk.core.market import Instrument, Quote
from tests.stand_in.clock import StandInClock

QUOTE = Quote(
    symbol="000001.SZ",
    at=datetime(2026, 11, 20, 9, 31, 2, 500_000, BEIJING),
    last=Decimal("10.120"),
    prev_close=Decimal("10.00"),
    asks=((Decimal("10.13"), 300), (Decimal("10.14"), 12_000)),
    bids=(),
)
INSTRUMENT = Instrument(
    symbol="000001.SZ",
    name="平安银行",
    day=date(2026, 11, 20),
    prev_close=Decimal("10.00"),
    up_limit=Decimal("11.00"),
    down_limit=None,
    tick=Decimal("0.01"),
    suspended=False,
    t0=False,
)


class Told:
    """A market that knows one stock on one account, and loses its line when asked for another account."""

    def quote(self, account: str, symbol: str) -> Quote | None:
        if account == "断线":
            raise BrokerUnavailable("no line")
        return QUOTE if (account, symbol) == ("模拟账户", QUOTE.symbol) else None

    def instrument(self, account: str, symbol: str) -> Instrument | None:
        return INSTRUMENT if (account, symbol) == ("模拟账户", INSTRUMENT.symbol) else None


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_line, "_ANSWER_WITHIN_S", 60.0)  # a busy machine may stand still for a second


@contextmanager
def line(version: str = "v1") -> Iterator[MarketLine]:
    """A line with both of its ends at work."""
    asked_out, asked_in = os.pipe()
    told_out, told_in = os.pipe()
    with (
        open(asked_out, "rb") as asked, open(asked_in, "wb") as asking,
        open(told_out, "rb") as told, open(told_in, "wb") as telling,
    ):  # fmt: skip
        end = MarketLine(told, asking)
        threads = [
            threading.Thread(target=end.run),
            threading.Thread(target=serve, args=(asked, telling, Told(), lambda: version)),
        ]
        for thread in threads:
            thread.start()
        yield end
        asking.close()
        threads[1].join()
        telling.close()
        threads[0].join()


def test_a_quote_and_an_instrument_arrive_to_the_last_digit() -> None:
    with line() as market:
        assert market.quote("模拟账户", "000001.SZ") == QUOTE
        assert str(market.quote("模拟账户", "000001.SZ").last) == "10.120"  # type: ignore[union-attr]
        assert market.instrument("模拟账户", "000001.SZ") == INSTRUMENT


def test_what_nobody_knows_and_a_lost_line_to_the_broker_are_none_and_the_line_goes_on() -> None:
    with line() as market:
        assert market.quote("模拟账户", "600000.SH") is None
        assert market.instrument("别的", "000001.SZ") is None
        assert market.quote("断线", "000001.SZ") is None
        assert market.version() == "v1"


def test_many_pages_ask_at_once_and_each_gets_its_own_answer() -> None:
    wrong: list[str] = []

    def ask(symbol: str) -> None:
        for _ in range(50):
            told = market.quote("模拟账户", symbol)
            if (told is not None) != (symbol == QUOTE.symbol):
                wrong.append(symbol)

    with line() as market:
        pages = [threading.Thread(target=ask, args=(symbol,)) for symbol in ("000001.SZ", "600000.SH") * 2]
        for page in pages:
            page.start()
        for page in pages:
            page.join()
    assert wrong == []


def test_after_the_end_of_the_trading_process_every_question_is_none_at_once() -> None:
    with line() as market:
        assert market.version() == "v1"
    assert market.version() is None
    assert market.quote("模拟账户", "000001.SZ") is None


def test_a_question_that_is_open_when_the_trading_process_ends_is_none() -> None:
    asked_out, asked_in = os.pipe()
    told_out, told_in = os.pipe()
    answers: list[object] = []
    with open(asked_out, "rb") as asked, open(asked_in, "wb") as asking, open(told_out, "rb") as told:
        market = MarketLine(told, asking)
        threads = [
            threading.Thread(target=market.run),
            threading.Thread(target=lambda: answers.append(market.quote("模拟账户", "000001.SZ"))),
        ]
        for thread in threads:
            thread.start()
        assert asked.readline()
        os.close(told_in)
        for thread in threads:
            thread.join()
    assert answers == [None]


def test_a_trading_process_that_does_not_answer_leaves_the_page_without_a_quote(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(market_line, "_ANSWER_WITHIN_S", 0.0)
    out, into = os.pipe()
    with open(out, "rb"), open(into, "wb") as asking:
        assert MarketLine([], asking).quote("模拟账户", "000001.SZ") is None
    assert "did not tell" in caplog.text


# --- when the configuration is read again ----------------------------------------------------------------------------


def test_a_written_file_is_noticed_once(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "聚宽跟单设置.json"
    file.write_text("{}", encoding="utf-8")
    changed = FilesChanged(tmp_path)
    assert not changed()
    os.utime(file, (1, 1))
    assert changed()
    assert not changed()


class Version:
    """The trading process's answer."""

    def __init__(self) -> None:
        self.text: str | None = "a"

    def version(self) -> str | None:
        return self.text


def test_the_console_reads_again_what_the_trader_has_taken_over_and_nothing_before() -> None:
    trader, used = Version(), ["a"]
    changed = TraderChanged(trader, lambda: used[0])  # type: ignore[arg-type]
    assert not changed()
    trader.text = "b"
    assert changed()
    used[0] = "b"
    assert not changed()
    trader.text = None  # it does not answer
    assert not changed()


def test_files_that_have_moved_on_are_not_read_again_and_again() -> None:
    trader, used = Version(), ["edited and not taken over"]
    changed = TraderChanged(trader, lambda: used[0])  # type: ignore[arg-type]
    assert changed()
    assert not changed()
    trader.text = used[0]
    assert not changed()
    used[0] = "a"
    assert changed()


class Counted(Told):
    """Counts what it is asked; its quotes change."""

    def __init__(self) -> None:
        self.asked = 0

    def quote(self, account: str, symbol: str) -> Quote | None:
        self.asked += 1
        found = super().quote(account, symbol)
        return replace(found, last=Decimal(self.asked)) if found is not None else None


def test_pages_that_show_one_quote_within_half_a_second_ask_for_it_once() -> None:
    clock, market = StandInClock(), Counted()
    remembered = Remembered(market, clock)
    first = remembered.quote("模拟账户", "000001.SZ")
    clock.advance(0.49)
    assert remembered.quote("模拟账户", "000001.SZ") == first and market.asked == 1
    assert remembered.quote("模拟账户", "600000.SH") is None and remembered.quote("模拟账户", "600000.SH") is None
    assert market.asked == 2
    clock.advance(0.02)
    again = remembered.quote("模拟账户", "000001.SZ")
    assert again is not None and again.last == 3, "older than half a second"
    assert remembered.instrument("模拟账户", "000001.SZ") == INSTRUMENT
