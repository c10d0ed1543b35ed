"""Storms over the simulated MiniQMT: the real Trader on the genuine library, everything going wrong by chance.

Real threads, turned time: each thread of the channel goes on when it is let, so a seed is a run. `GENDAN_LONG=1` runs
hundreds of seeds (GENDAN_STORMS=first:last chooses them); a seed that fails is added to REGRESSIONS.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.broker.xt import XtBroker
from desk.broker.xt.reading import Reader
from desk.broker.xt.rows import PlacedRow
from desk.broker.xt_sim import (
    CancelTrouble,
    ConnectTrouble,
    PlaceTrouble,
    PushTrouble,
    QueryTrouble,
    QuoteTrouble,
    ResponseTrouble,
    SubscribeTrouble,
)
from desk.core.config import AccountConfig
from desk.core.market import Outcome, PlaceAnswer
from desk.texts import xt as xt_texts
from tests import checks
from tests.broker.contract.channels import MISSING, XtChannel
from tests.broker.contract.desks import ChannelWorld
from tests.strategies import JoinQuant, pin_prices
from tests.test_properties import scratch
from tests.world import NO_LIMITS, strategy

pytestmark = pytest.mark.skipif("miniqmt" in MISSING, reason=MISSING.get("miniqmt", ""))

LONG = bool(os.environ.get("GENDAN_LONG"))
FIRST, LAST = map(int, os.environ.get("GENDAN_STORMS", "0:500" if LONG else "0:5").split(":"))
REGRESSIONS = [2256, 2259, 4429, 5082]
START = datetime(2026, 11, 18, 9, 31, tzinfo=BEIJING)  # a Wednesday
MAIN = "主账户"
DEATHS = (
    PlaceTrouble.DIES_BEFORE,
    PlaceTrouble.DIES_AFTER,
    CancelTrouble.DIES_BEFORE,
    CancelTrouble.DIES_AFTER,
    QueryTrouble.DIES,
)
TROUBLES = [
    *(t for t in PlaceTrouble),
    *(t for t in CancelTrouble),
    *ResponseTrouble,
    *PushTrouble,
    QueryTrouble.UNANSWERED,
    QueryTrouble.LATE,
    QueryTrouble.DIES,
    ConnectTrouble.REFUSED,
    ConnectTrouble.STUCK,
    SubscribeTrouble.REFUSED,
    *QuoteTrouble,
]


class Storm:
    """One seed: a desk, its players, and a terminal that somebody starts again when it has died."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        ratios = [self.chance.choice(["0.3", "0.5", "1", "1.7"]) for _ in range(self.chance.choice([1, 2]))]
        threads = random.Random(seed + 1)
        self.world = ChannelWorld(
            folder,
            lambda exchanges, now: XtChannel(exchanges, now, threads, seed=seed),
            chance=threads,
            start=START,
            strategies=[strategy(f"策略{n}", f"k{n}", ratio) for n, ratio in enumerate(ratios)],
            accounts=[AccountConfig(name=MAIN, initial_cash=Decimal(100_000_000), limits=NO_LIMITS)],
            seed=seed,
        )
        assert isinstance(self.world.channel, XtChannel)
        self.channel = self.world.channel
        self.terminal = self.channel.terminals[MAIN]
        self.faults = self.terminal.faults
        pin_prices(self.world)
        self.players = [JoinQuant(self.world, self.chance, f"k{n}") for n in range(len(ratios))]

    def brew(self) -> None:
        """Draw which troubles there are, and how often."""
        for trouble in TROUBLES:
            if self.chance.random() < 0.25:
                self.faults.rates[trouble] = self.chance.choice([0.02, 0.1, 0.3])
            if trouble in DEATHS and trouble in self.faults.rates:
                self.faults.rates[trouble] = 0.02
        self.faults.seconds[PlaceTrouble.LANDS_LATE] = (0.5, 50.0)
        self.faults.seconds[PlaceTrouble.ANSWERED_LATE] = (0.5, 20.0)
        self.faults.latency_s = self.chance.choice([0.0, 0.0, 0.05, 0.4])
        self.faults.invisible_s = self.chance.choice([0.0, 0.0, 2.0, 10.0])
        self.faults.login_s = self.chance.choice([0.0, 5.0])
        self.faults.refuse_connect_s = self.chance.choice([0.0, 3.0])
        self.world.exchange.faults.cancel_delay_s = self.chance.choice([0.0, 0.0, 4.0, 16.0])
        self.restless = self.chance.choice([0.0, 0.1, 0.3])
        self.kills = self.chance.choice([0.0, 0.1, 0.25])

    def rage(self) -> None:
        """One act of the terminal's fate."""
        fate = self.chance.choice(["die", "hang", "wake", "logout", "login", "replay", "quotes", "reset"])
        if fate == "die":
            self.terminal.die()
        elif fate == "hang":
            self.terminal.hang()
        elif fate == "logout":
            self.terminal.logout(self.channel.ids[MAIN])
        elif fate == "login":
            self.terminal.login(self.channel.ids[MAIN])
        elif fate == "replay":
            self.terminal.replay_session()
        elif fate == "quotes":
            self.terminal.cut_quotes()
        else:
            self.mend()

    def mend(self) -> None:
        self.terminal.hang(False)
        self.terminal.unstick()
        self.terminal.start()
        self.terminal.restore_quotes()
        self.terminal.login(self.channel.ids[MAIN])

    def judge(self) -> None:
        checks.assert_never_more_than_meant(self.world)
        checks.assert_one_side_live(self.world)
        assert len(set(self.terminal.arrived)) == len(self.terminal.arrived), "a remark was sent twice"

    def play(self) -> None:
        for _ in range(self.chance.randint(6, 14)):
            self.chance.choice(self.players).act()
            if self.chance.random() < self.kills:
                self.world.kill()
            if self.chance.random() < self.restless:
                self.rage()
            self.world.pass_time(self.chance.choice([0.5, 1, 3, 8, 30]), step=self.chance.choice([0.25, 0.5, 1]))
            if not self.terminal.alive and self.chance.random() < 0.5:
                self.terminal.start()
            self.judge()

    def finish(self) -> None:
        """Let the troubles end, the day close, and two sessions pass in which debts are worked."""
        world = self.world
        self.faults.calm()
        self.faults.latency_s = 0.0  # the nights go by in steps that are longer than any deadline
        self.faults.invisible_s = 0.0
        world.exchange.faults.cancel_delay_s = 0.0
        self.mend()
        if any(told == xt_texts.no_quotes(MAIN, xt_texts.QUOTES_HANG) for _, told in self.channel.alarms):
            world.kill()  # what the alarm asks a person for
        world.pass_time(30, step=2)
        self.mend()  # an order that was drawn to be its death may have reached the terminal after the calm
        world.pass_time(210, step=2)
        self.judge()
        for player in self.players:
            player.end_day()
        world.pass_time(60, step=2)
        world.go_to(world.clock.now().replace(hour=15, minute=1, second=0, microsecond=0), step=3600)
        for _ in range(2):
            world.go_to(world.clock.now() + timedelta(hours=18, minutes=28, seconds=30), step=3600)
            world.pass_time(150, step=2)
            self.judge()
            world.go_to(world.clock.now().replace(hour=15, minute=1, second=0), step=3600)
        world.settle()

    def agree(self) -> None:
        """The same positions as the exchange's book; every unknown resolved by evidence, or left and told."""
        checks.assert_quiet(self.world)
        checks.assert_books_agree(self.world)
        checks.assert_within_a_lot(self.world)
        checks.assert_history_explains_books(self.world)

    def trace(self) -> list[str]:
        """What a run is recognised by."""
        orders = self.world.trader.ledger.orders.values()
        return [*self.terminal.arrived, *sorted(f"{o.client_order_id} {o.state} {o.filled}" for o in orders)]


def weather(seed: int, rates: Mapping[PlaceTrouble | PushTrouble | QueryTrouble, float] | None = None) -> list[str]:
    """Play a seed and judge it; `rates` are troubles that it has in any case."""
    with scratch() as folder:
        storm = Storm(seed, Path(folder))
        try:
            storm.world.go_ready()
            storm.brew()
            storm.faults.rates.update(rates or {})
            storm.play()
            storm.finish()
            storm.agree()
            return storm.trace()
        finally:
            storm.mend()
            storm.faults.calm()
            storm.world.close()


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_a_storm_that_once_did_harm_does_none(seed: int) -> None:
    weather(seed)


SEEDS = [pytest.param(seed, marks=pytest.mark.long if LONG else ()) for seed in range(FIRST, LAST)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_doubles_nothing_loses_nothing_and_ends_in_the_exchanges_own_book(seed: int) -> None:
    weather(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(24))
def test_a_storm_with_empty_lies_about_orders_that_nobody_told_of_does_no_harm(seed: int) -> None:
    weather(seed, {QueryTrouble.EMPTY: 0.2, PlaceTrouble.UNANSWERED: 0.2, PushTrouble.LOST: 0.5})


def test_a_seed_is_a_run() -> None:
    assert weather(2) == weather(2)


# --- the storms themselves: a planted bug must be seen ---------------------------------------------------------------


def seen_in(seeds: range, rates: Mapping[PlaceTrouble | PushTrouble | QueryTrouble, float]) -> bool:
    for seed in seeds:
        try:
            weather(seed, rates)
        except AssertionError:
            return True
    return False


@pytest.mark.long
def test_a_settle_time_that_is_too_short_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(XtBroker, "settle_s", 5.0)
    assert seen_in(range(20), {PlaceTrouble.LANDS_LATE: 0.4})


@pytest.mark.long
def test_minus_one_taken_for_a_refusal_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Reader._settle_place

    def believing(reader: Reader, generation: int, client_order_id: str, row: PlacedRow) -> None:
        if row.order_id > 0:
            settle(reader, generation, client_order_id, row)
        else:
            refused = PlaceAnswer(outcome=Outcome.REFUSED, text=row.text)
            reader._tell_placed(generation, client_order_id, refused)

    monkeypatch.setattr(Reader, "_settle_place", believing)
    assert seen_in(range(20), {PlaceTrouble.MINUS_ONE_LIVE: 0.4, PushTrouble.LOST: 0.3})
