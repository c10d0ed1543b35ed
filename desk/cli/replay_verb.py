"""The words of the verb `replay`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from desk.cli import showing
from desk.cli.exits import CONFIG, Leave
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseVerb
from desk.texts import replay as texts
from desk.texts.cli import cannot_write_file
from desk.texts.system import because

if TYPE_CHECKING:
    from desk.cli.replay_report import Facts
    from desk.cli.replay_result import Replayed

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


def _as_ratio(_: click.Context, __: click.Parameter, value: str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        ratio = Decimal(value)
    except InvalidOperation:
        ratio = Decimal(0)
    if not ratio.is_finite() or not 0 < ratio <= 100:
        raise click.BadParameter(texts.bad_ratio(value))
    return ratio


@click.command(cls=ChineseVerb)
@click.argument("file", metavar="文件", type=_FILE)
@click.option("--strategy", "name", default="", help="用哪个策略的比例、账户和限额；只有一个策略时不用写")
@click.option("--ratio", callback=_as_ratio, help="换一个跟单比例试试")
@click.option("--bars", type=_FILE, help="分钟线 CSV，价格用它的")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="另画一张图，存到这个文件")
@with_home
@with_json
def replay(
    home: Path, file: Path, name: str, ratio: Decimal | None, bars: Path | None, png: Path | None, as_json: bool
) -> None:
    """回放聚宽导出的交易详情（transaction.csv）：照现在的比例和限额会跟成什么样。"""
    from desk.cli import replay as replaying
    from desk.cli import replay_report

    played, strategy = replaying.replay(home, file, name=name, ratio=ratio, bars=bars)
    facts = replay_report.Facts(file=file.name, strategy=strategy, bars=bars is not None)
    if as_json:
        showing.document(replay_report.document(played, facts))
    else:
        showing.say(replay_report.text(played, facts))
    if png is not None:
        _draw(png, played, facts)


def _draw(file: Path, played: Replayed, facts: Facts) -> None:
    """Raises Leave; the table has been shown by then."""
    from desk.cli.replay_picture import picture
    from desk.pictures.fonts import NoChineseFont

    try:
        file.write_bytes(picture(played, facts))
    except NoChineseFont as error:
        raise Leave(CONFIG, str(error)) from error
    except OSError as error:
        raise Leave(CONFIG, cannot_write_file(file, because(error))) from error
    click.echo(texts.drawn(str(file)), err=True)
