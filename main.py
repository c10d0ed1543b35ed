"""Gendan 跟单: the command line. One function a verb; what a verb does stands in `desk.cli`.

Exits: 0 fine, 1 unexpected, 2 config or usage, 3 broker not reachable, 4 journal not usable, 5 not running, 6 already
running, 7 self-test failed, 10 needs confirmation.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from desk.cli import exits, showing
from desk.cli.exits import Leave
from desk.cli.home import CONSOLE, RECEIVER, TRADER, Home
from desk.clock import SystemClock
from desk.journal import AmbiguousId, JournalError
from desk.settings.files import CannotWrite
from desk.settings.problems import ConfigProblems
from desk.settings.writer import CannotChange
from desk.texts import cli as texts

HERE = Path(__file__).resolve().parent


# --- options that many verbs share ------------------------------------------------------------------------------------


def _home(context: click.Context, _: click.Parameter, value: Path | None) -> Path:
    """--home stands before or after the verb; the nearest one counts."""
    place: click.Context | None = context
    while value is None and place is not None:
        value = place.params.get("home")
        place = place.parent
    return (value or HERE).resolve()


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(texts.bad_date(str(value))) from error


Verb = Callable[..., Any]


def with_home(verb: Verb) -> Verb:
    return click.option(
        "--home", type=click.Path(path_type=Path, file_okay=False), callback=_home, is_eager=True,
        help="放 config/ 和 data/ 的文件夹；不写就是程序所在的文件夹",
    )(verb)  # fmt: skip


def with_json(verb: Verb) -> Verb:
    return click.option("--json", "as_json", is_flag=True, help="输出一个 JSON，供别的程序读")(verb)


def with_days(verb: Verb) -> Verb:
    for option, text in (("--to", "到哪天"), ("--from", "从哪天，例如 2026-11-20")):
        verb = click.option(option, f"day_{option[2:]}", callback=_day, help=text)(verb)
    return verb


class Verbs(click.Group):
    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Without a verb: `run`."""
        at = 2 if args[:1] == ["--home"] else 1 if args and args[0].startswith("--home=") else 0
        if not args[at:] or args[at] in ("--only", "--home") or args[at].startswith(("--only=", "--home=")):
            args = [*args[:at], "run", *args[at:]]
        return super().parse_args(context, args)


@click.group("main", cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@with_home
def cli(home: Path) -> None:
    """Gendan 跟单：跟着聚宽的模拟交易，在自己的账户里下单。

    \b
    先试一试：  python main.py demo
    开始使用：  python main.py init，然后 python main.py run
    """


# --- the daemon -------------------------------------------------------------------------------------------------------


@cli.command()
@with_home
@click.option("--only", default="", help="只运行其中几部分：receiver,trader,console")
def run(home: Path, only: str) -> None:
    """运行跟单程序（不写动词也一样），Ctrl-C 停止。"""
    from desk.cli import daemon

    wanted = frozenset(word.strip() for word in only.split(",") if word.strip()) or frozenset({RECEIVER, TRADER})
    if unknown := wanted - {RECEIVER, TRADER, CONSOLE}:
        raise click.BadParameter("、".join(sorted(unknown)), param_hint="--only")
    if CONSOLE in wanted:
        showing.hint(texts.CONSOLE_LATER)
        wanted -= {CONSOLE}
    if wanted:
        daemon.run(Home(home), clock=SystemClock(), roles=wanted, say=showing.hint, over=_until_asked())


def _until_asked() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    over = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: over.set())
    return over


@cli.command()
@with_home
@click.option("--serve", is_flag=True, help="演示完不退出，可以接着用别的命令看")
def demo(home: Path, serve: bool) -> None:
    """演示：在临时文件夹里，从聚宽发信号到模拟成交走一遍。"""
    from desk.cli.demo import play

    raise Leave(play(serve=serve, over=_until_asked()))


# --- looking ----------------------------------------------------------------------------------------------------------


@cli.command()
@with_home
@with_json
def status(home: Path, as_json: bool) -> None:
    """看总体情况：是否运行、急停、账户、策略。"""
    from desk.cli import facts

    place = Home(home)
    config = place.config()
    with place.look(config, SystemClock()) as journal:
        view = facts.status(journal, config, place)
    showing.document(view) if as_json else showing.show_status(view)


def _list(name: str, text: str, *, by_day: bool = True) -> None:
    """Make the verb that lists a view."""

    def show(
        home: Path, as_json: bool, limit: int | None, day_from: date | None = None, day_to: date | None = None
    ) -> None:
        place = Home(home)
        with place.look(place.config(), SystemClock()) as journal:
            rows = showing.rows_of(journal, name, day_from, day_to, limit)
        showing.show_list(name, rows, as_json=as_json, bounded=bool(day_from or day_to or limit is not None))

    show.__doc__ = text
    verb: Verb = click.option("--limit", type=click.IntRange(min=0), help="只要最近几行")(show)
    cli.command(name)(with_home(with_json(with_days(verb) if by_day else verb)))


_list("signals", "看今天的信号和结论。")
_list("orders", "看今天的委托。")
_list("fills", "看今天的成交。")
_list("positions", "看账户持仓。", by_day=False)
_list("books", "看每个策略的账本：应有、实有、欠卖。", by_day=False)


@cli.command()
@click.argument("wanted", metavar="编号")
@with_home
@with_json
def why(home: Path, wanted: str, as_json: bool) -> None:
    """看一个信号从到达到结束的每一步；编号写开头几位就行。"""
    from desk.journal.view_why import why as explain

    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        try:
            view = explain(journal, wanted)
        except AmbiguousId as error:
            raise Leave(exits.CONFIG, texts.ambiguous_id(wanted, error.candidates)) from error
    if view is None:
        raise Leave(exits.CONFIG, texts.unknown_id(wanted))
    showing.document(view) if as_json else showing.show_why(view)


# --- leaving ----------------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli.main(args=arguments, prog_name="main.py", standalone_mode=False)
        return exits.FINE
    except Leave as leave:
        return _left(leave.code, leave.text)
    except click.UsageError as error:
        where = f"\n{error.ctx.get_usage()}" if error.ctx is not None else ""
        return _left(exits.CONFIG, f"用法不对：{error.format_message()}{where}")
    except click.ClickException as error:
        return _left(exits.CONFIG, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _left(exits.UNEXPECTED, "已中断。")
    except ConfigProblems as error:
        return _left(exits.CONFIG, f"配置有 {len(error.problems)} 个问题：\n{error}")
    except (CannotChange, CannotWrite) as error:
        return _left(exits.CONFIG, str(error))
    except JournalError as error:
        return _left(exits.JOURNAL, f"账本不能用：{error}")


def _left(code: int, text: str) -> int:
    if text:
        showing.hint(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
