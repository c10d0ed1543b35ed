"""The script of the demo: what the strategies do on two days, and what has to come of each signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.cli.joinquant import LimitOrderStyle
from desk.core.values import Reason, Verdict

if TYPE_CHECKING:
    from desk.cli.demo import Stage

SMALL, ROTATION = "小市值", "ETF轮动"
ACCOUNT = "演示账户"
PRICES = {
    "600036.XSHG": 38.0,  # main board
    "600000.XSHG": 10.0,
    "000651.XSHE": 40.0,
    "000001.XSHE": 11.5,
    "688981.XSHG": 52.0,  # STAR
    "300750.XSHE": 260.0,  # ChiNext
    "002594.XSHE": 100.0,
    "600519.XSHG": 1500.0,
    "510300.XSHG": 4.0,  # ETF
    "113050.XSHG": 118.0,  # convertible bond
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What has to become of one signal."""

    what: str  # what it shows
    strategy: str
    verdict: Verdict
    reason: Reason | None = None
    shares: int = 0  # filled on our side
    attempts: int | None = None  # at least so many orders


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One thing that happens; `signals` are what it sends, in order."""

    title: str
    play: Callable[[Stage], None]
    signals: tuple[Expected, ...] = ()


def _buy(strategy: str, security: str, shares: int) -> Callable[[Stage], None]:
    return lambda stage: stage.order(strategy, security, shares)


def _done(what: str, strategy: str, shares: int) -> tuple[Expected, ...]:
    return (Expected(what=what, strategy=strategy, verdict=Verdict.DONE, shares=shares),)


def _refused(what: str, strategy: str, reason: Reason) -> tuple[Expected, ...]:
    return (Expected(what=what, strategy=strategy, verdict=Verdict.REFUSED, reason=reason),)


def _ignored(what: str, strategy: str, reason: Reason) -> tuple[Expected, ...]:
    return (Expected(what=what, strategy=strategy, verdict=Verdict.IGNORED, reason=reason),)


def yesterday() -> Iterator[Act]:
    """Three purchases; overnight there may be a bonus issue of 3 for 10."""
    yield Act(
        title="主板 买 1000 × 0.5",
        play=_buy(SMALL, "000651.XSHE", 1000),
        signals=_done("主板整手", SMALL, 500),
    )
    yield Act(
        title="科创板 买 500 × 0.5 = 250（科创板 200 股起，可以 1 股递增）",
        play=_buy(SMALL, "688981.XSHG", 500),
        signals=_done("科创板 200 股起", SMALL, 250),
    )
    yield Act(
        title="ETF 买 20000 × 0.3",
        play=_buy(ROTATION, "510300.XSHG", 20000),
        signals=_done("ETF", ROTATION, 6000),
    )


def today(*, bonus: bool) -> Iterator[Act]:
    """`bonus`: there was a bonus issue overnight."""
    yield Act(
        title="清仓 送股后 1300 → 我们 650，连零股一次卖光" if bonus else "清仓 1000 → 我们 500",
        play=lambda stage: stage.order_target(SMALL, "000651.XSHE", 0),
        signals=_done("清仓含零股（10 送 3）", SMALL, 650) if bonus else _done("主板清仓", SMALL, 500),
    )
    yield Act(
        title="清仓 科创板 250 股",
        play=lambda stage: stage.order_target(SMALL, "688981.XSHG", 0),
        signals=_done("科创板清仓", SMALL, 250),
    )
    yield Act(
        title="创业板 买 300 × 0.5 = 150，下 100，50 股记账",
        play=_buy(SMALL, "300750.XSHE", 300),
        signals=_done("创业板，零头记账", SMALL, 100),
    )
    yield Act(
        title="买 100 × 0.5 = 50，不足一手",
        play=_buy(SMALL, "000001.XSHE", 100),
        signals=_refused("不足一手，先记账", SMALL, Reason.BELOW_LOT),
    )
    yield Act(
        title="再买 100 × 0.5，加上记账的 50 = 100",
        play=_buy(SMALL, "000001.XSHE", 100),
        signals=_done("零头凑成一手", SMALL, 100),
    )
    yield Act(
        title="可转债 买 100 × 0.3 = 30 张",
        play=_buy(ROTATION, "113050.XSHG", 100),
        signals=_done("可转债 10 张一手", ROTATION, 30),
    )
    yield Act(
        title="薄盘口：先成交一部分，撤单，剩下的重下",
        play=_thin,
        signals=(
            Expected(what="部分成交 → 撤单 → 重下", strategy=SMALL, verdict=Verdict.DONE, shares=1500, attempts=2),
        ),
    )
    yield Act(title="涨停的股票不追", play=_limit_up, signals=_refused("涨停不追", SMALL, Reason.LIMIT_UP))
    yield Act(
        title="聚宽自己也没买到（涨停撤单）",
        play=_not_filled_there,
        signals=_ignored("聚宽没成交", SMALL, Reason.JQ_NOT_FILLED),
    )
    yield Act(
        title="限价单挂着，聚宽成交后我们跟到",
        play=_resting,
        signals=(
            *_done("限价单", ROTATION, 300),
            *_ignored("同一张单的后续", ROTATION, Reason.ALREADY_FOLLOWED),
        ),
    )
    yield Act(title="同一个包重发一次", play=lambda stage: stage.repeat(SMALL))
    yield Act(title="伪造的包", play=lambda stage: stage.forge(SMALL))
    yield Act(title="急停", play=lambda stage: stage.command("halt", reason="演示"))
    yield Act(
        title="急停中来了买入",
        play=_buy(SMALL, "600036.XSHG", 1000),
        signals=_refused("急停中不买", SMALL, Reason.HALTED),
    )
    yield Act(
        title="急停中来了卖出",
        play=_buy(ROTATION, "510300.XSHG", -10000),
        signals=_refused("急停中不卖，记为欠卖", ROTATION, Reason.HALTED),
    )
    yield Act(title="解除急停：欠的卖出补上", play=_unhalt)
    yield Act(title="解除后再买 1000 × 0.5", play=_buy(SMALL, "600036.XSHG", 1000), signals=_done("恢复", SMALL, 500))
    yield Act(title="收盘：终态和持仓快照", play=lambda stage: stage.after_close())


def _thin(stage: Stage) -> None:
    stage.scene("600000.XSHG", thin=100)
    stage.order(SMALL, "600000.XSHG", 3000, wait=False)
    stage.wait_until(lambda: stage.attempts_of_last() >= 2)
    stage.scene("600000.XSHG")
    stage.wait_for_last()


def _limit_up(stage: Stage) -> None:
    stage.scene("002594.XSHE", limit_up=True)
    stage.order(SMALL, "002594.XSHE", 1000)


def _not_filled_there(stage: Stage) -> None:
    stage.strategies[SMALL].platform.limit_up.add("600519.XSHG")
    stage.order(SMALL, "600519.XSHG", 200)


def _resting(stage: Stage) -> None:
    """A limit above the market: with us it trades at once, at JoinQuant a moment later."""
    strategy = stage.strategies[ROTATION]
    placed = strategy.call("order", "510300.XSHG", 1000, LimitOrderStyle(4.08))
    stage.wait_for_last()
    strategy.platform.fill(placed)
    strategy.call("gendan_heartbeat")
    stage.wait_for_last()


def _unhalt(stage: Stage) -> None:
    stage.command("unhalt", reason="演示完毕")
    stage.wait_until(stage.no_debts)
