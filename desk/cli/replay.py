"""The verb `replay`: a JoinQuant transactions export played on paper with the user's own ratio and limits."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tqdm import tqdm

from desk.broker.paper import Dealt, DealtFeed, FeedFileError, Recording
from desk.calendar import TradingCalendar
from desk.cli.exits import CONFIG, Leave
from desk.cli.home import Home
from desk.cli.replay_desk import DaysOfFile, ReplayDesk
from desk.cli.replay_result import Replayed, Watch, result_of
from desk.cli.transactions import Deal, UnreadableExport, read_deals
from desk.core.config import Config, StrategyConfig
from desk.core.values import Side
from desk.texts import replay as texts


def replay(home: Path, file: Path, *, name: str, ratio: Decimal | None, bars: Path | None) -> tuple[Replayed, str]:
    """Play an export; gives what came of it and the strategy's name. Raises Leave."""
    config = Home(home).config()
    strategy = _strategy(config, name)
    if ratio is not None:
        accounts = tuple(replace(share, ratio=ratio) for share in strategy.accounts)
        strategy = replace(strategy, accounts=accounts)
    try:
        deals = read_deals(file)
        recording = Recording(bars) if bars is not None else None
    except (UnreadableExport, FeedFileError) as error:
        raise Leave(CONFIG, str(error)) from error
    return play(deals, config=config, strategy=strategy, recording=recording), strategy.name


def _strategy(config: Config, name: str) -> StrategyConfig:
    if name:
        found = config.strategy(name)
        if found is None:
            raise Leave(CONFIG, texts.no_such_strategy(name, [s.name for s in config.strategies]))
        return found
    if len(config.strategies) != 1:
        raise Leave(CONFIG, texts.which_strategy([s.name for s in config.strategies]))
    return config.strategies[0]


def play(deals: Sequence[Deal], *, config: Config, strategy: StrategyConfig, recording: Recording | None) -> Replayed:
    """Play orders through a whole desk in a temporary folder, which is gone afterwards."""
    feed = DealtFeed(_prices(deals), recording)
    calendar = TradingCalendar.load(config.home, config.holidays_file)
    days = DaysOfFile(
        calendar=calendar,
        traded=frozenset(deal.at.date() for deal in deals),
        first=calendar.sessions.first,
        until=calendar.known_until,
    )
    with tempfile.TemporaryDirectory(prefix="gendan-replay-") as folder:
        desk = ReplayDesk(
            Path(folder),
            config=config,
            strategy=strategy,
            deals=deals,
            feed=feed,
            days=days,
            moving=recording is not None,
        )
        try:
            watch = Watch(desk, feed)
            with tqdm(total=len(deals), file=sys.stderr, bar_format=texts.BAR, leave=False, disable=None) as bar:
                desk.play(watch.close, lambda count: bar.update(count))
            return result_of(desk, feed, watch)
        finally:
            desk.close()


def _prices(deals: Sequence[Deal]) -> list[Dealt]:
    """The prices that the export knows: what the strategy dealt at, and the limits it asked for."""
    known = []
    for deal in deals:
        if deal.symbol is None:
            continue
        is_buy = deal.side is Side.BUY
        if deal.filled:
            known.append(Dealt(symbol=deal.symbol, at=deal.ended_at, price=deal.price, is_buy=is_buy))
        if deal.limit is not None:
            known.append(Dealt(symbol=deal.symbol, at=deal.at, price=deal.limit, is_buy=is_buy, fixed=False))
    return known
