"""Gendan 跟单: the command line. One function a verb; what a verb does stands in `desk.cli`.

Exits: 0 fine, 1 unexpected, 2 config or usage, 3 broker not reachable, 4 journal not usable, 5 not running, 6 already
running, 7 self-test failed, 10 needs confirmation.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from desk.cli import exits, showing
from desk.cli.books_verb import books, positions
from desk.cli.console_verbs import console
from desk.cli.exits import Leave
from desk.cli.home import CONSOLE, RECEIVER, TRADER, Home
from desk.cli.key_verbs import keys
from desk.cli.options import PROJECT, Verb, Verbs, as_day, with_days, with_home, with_json
from desk.cli.plan_verbs import plan
from desk.cli.replay_verb import replay
from desk.cli.strategy_verbs import jq_positions, snippet, strategy, test_signal
from desk.cli.usage import wrong
from desk.cli.why_verb import why
from desk.clock import SystemClock
from desk.journal import JournalError, JournalUnusable
from desk.settings.files import CannotWrite
from desk.settings.problems import ConfigProblems
from desk.settings.writer import CannotChange
from desk.texts import cli as texts
from desk.texts.system import because
from desk.texts.usage import unknown_parts

if TYPE_CHECKING:
    from desk.cli.autostart import Autostart


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
@click.option("--only", default="", help="只运行其中几部分，都在一个进程里：receiver,trader,console")
@click.option("--keep", is_flag=True, help="意外结束后一分钟再启动，给自启动任务用")
def run(home: Path, only: str, keep: bool) -> None:
    """运行跟单程序（不写动词也一样），Ctrl-C 停止。"""
    every = frozenset({RECEIVER, TRADER, CONSOLE})
    wanted = frozenset(word.strip() for word in only.split(",") if word.strip())
    if unknown := wanted - every:
        raise click.UsageError(unknown_parts(sorted(unknown)), click.get_current_context())
    if keep:
        _run_again_and_again(home, only)
    from desk.cli import console_process, daemon, processor

    roles = wanted or every - {CONSOLE}
    beside = nullcontext if wanted else console_process.beside
    if roles != {CONSOLE}:
        processor.for_orders(pages_beside=not wanted)
    daemon.run(
        Home(home), clock=SystemClock(), roles=roles, say=showing.hint, until_asked=_end_on_signals, beside=beside
    )


def _run_again_and_again(home: Path, only: str) -> NoReturn:
    """Run the daemon as a child of this process; leaves with the child's last code."""
    from desk.cli import restarting

    over = threading.Event()
    _end_on_signals(over)
    command = [sys.executable, str(PROJECT / "main.py"), "--home", str(home), "run"]
    command += ["--only", only] if only else []
    raise Leave(restarting.keep(lambda: restarting.Process(command), clock=SystemClock(), over=over, say=showing.hint))


def _end_on_signals(over: threading.Event) -> None:
    """Let Ctrl-C and SIGTERM set an event instead of breaking off what is in work."""
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: over.set())


@cli.command()
@with_home
@click.option("--serve", is_flag=True, help="演示完不退出，可以接着用别的命令看")
@click.option(
    "--channel",
    type=click.Choice(["paper", "miniqmt-sim"]),
    default="paper",
    help="miniqmt-sim：经真正的 xtquant 程序库和模拟的 MiniQMT 终端",
)
def demo(home: Path, serve: bool, channel: str) -> None:
    """演示：在临时文件夹里，从聚宽发信号到模拟成交走一遍。"""
    from desk.cli.demo import play

    if channel == "paper":
        raise Leave(play(serve=serve, until_asked=_end_on_signals))
    from desk.cli.demo_terminal import TerminalVenue

    raise Leave(play(serve=serve, until_asked=_end_on_signals, venue=TerminalVenue()))


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


def _list(name: str, text: str) -> None:
    """Make the verb that lists a view."""

    def show(home: Path, as_json: bool, limit: int | None, day_from: date | None, day_to: date | None) -> None:
        place = Home(home)
        with place.look(place.config(), SystemClock()) as journal:
            rows = showing.rows_of(journal, name, day_from, day_to, limit)
        showing.show_list(name, rows, as_json=as_json, bounded=bool(day_from or day_to or limit is not None))

    show.__doc__ = text
    verb: Verb = click.option("--limit", type=click.IntRange(min=0), help="只要最近几行")(show)
    cli.command(name)(with_home(with_json(with_days(verb))))


_list("signals", "看今天的信号和结论。")
_list("orders", "看今天的委托。")
_list("fills", "看今天的成交。")


# --- what needs a person ----------------------------------------------------------------------------------------------


def _ask(home: Path, verb: str, args: dict[str, str], as_json: bool, kept: str = "") -> None:
    """Ask the daemon, print its answer, leave with its code."""
    from desk.cli.asking import ask

    answer = ask(home, verb, args, kept=kept)
    if as_json:
        showing.document({"ok": answer.ok, "text": answer.text, "running": answer.running})
    else:
        (showing.say if answer.code == exits.FINE else showing.hint)(answer.text)
    raise Leave(answer.code)


def _asking(verb: str, argument: str, text: str) -> None:
    """Make a verb that passes one id to the daemon."""

    def pass_on(home: Path, wanted: str, as_json: bool) -> None:
        _ask(home, verb, {"id": wanted}, as_json)

    pass_on.__doc__ = text
    cli.command(verb)(click.argument("wanted", metavar=argument)(with_home(with_json(pass_on))))


_asking("approve", "编号|all", "批准等待确认的委托（确认模式），或按编号批准一份计划。")
_asking("reject", "编号|all", "拒绝等待确认的委托，或按编号拒绝一份计划。")
_asking("cancel", "委托编号", "撤一笔委托，余量今天不再追。")
_asking("connect", "账户", "让没连上的账户马上再连一次，不等它自己重连。")


@cli.command()
@click.argument("order", metavar="委托编号")
@click.argument("how", type=click.Choice(["absent", "live", "filled"]))
@click.argument("filled", required=False, default="", metavar="[股数]")
@with_home
@with_json
def resolve(home: Path, order: str, how: str, filled: str, as_json: bool) -> None:
    """认定一笔存疑委托：没到券商、还在、或成交了几股。"""
    _ask(home, "resolve", {"id": order, "how": how, "filled": filled}, as_json)


@cli.command()
@click.option("--cancel", is_flag=True, help="同时撤掉在途委托")
@click.option("--liquidate", is_flag=True, help="同时卖出各策略持有的股票（不动手工持仓），要加 --yes")
@click.option("--reason", default="", help="为什么")
@click.option("--yes", is_flag=True, help="确定")
@with_home
@with_json
def halt(home: Path, cancel: bool, liquidate: bool, reason: str, yes: bool, as_json: bool) -> None:
    """急停：不再下新单，重启后仍然有效。"""
    if liquidate and not yes:
        raise Leave(exits.CONFIRM, texts.LIQUIDATE_NEEDS_YES)
    args = {"reason": reason, "cancel": "1" if cancel else "", "liquidate": "1" if liquidate else ""}
    _ask(home, "halt", args, as_json, kept=texts.HALT_KEPT)


@cli.command()
@click.option("--reason", default="", help="为什么")
@with_home
@with_json
def unhalt(home: Path, reason: str, as_json: bool) -> None:
    """解除急停；欠下的卖出随即补做。"""
    _ask(home, "unhalt", {"reason": reason}, as_json, kept=texts.UNHALT_KEPT)


@cli.command()
@click.option("--apply", "apply_", is_flag=True, help="按账户修正账本，要加 --yes")
@click.option("--yes", is_flag=True, help="确定")
@with_home
@with_json
def reconcile(home: Path, apply_: bool, yes: bool, as_json: bool) -> None:
    """核对：各策略账本之和与账户持仓。"""
    from desk.cli import comparing

    if apply_ and yes:
        _ask(home, "reconcile", {"apply": "1"}, as_json)
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        rows = comparing.differences(journal)
    showing.document(rows) if as_json else showing.say(comparing.as_table(rows) if rows else texts.NOTHING["positions"])
    if apply_:
        raise Leave(exits.CONFIRM, texts.RECONCILE_NEEDS_YES)


# --- set-up -----------------------------------------------------------------------------------------------------------


@cli.command()
@click.option("--answers", type=click.Path(path_type=Path, dir_okay=False), help="从 JSON 文件读答案，不提问")
@with_home
def init(home: Path, answers: Path | None) -> None:
    """问几个问题，写好配置；从不覆盖，从不实盘。"""
    from desk.cli import setting_up

    showing.say(texts.init_done(setting_up.init(home, answers)))


@cli.command("check-config")
@with_home
@with_json
def check_config(home: Path, as_json: bool) -> None:
    """检查配置，一次列出所有问题。"""
    from desk.cli import setting_up

    raise Leave(setting_up.check(home, as_json=as_json))


@cli.command()
@click.option("--order-test", is_flag=True, help="在券商账户里试一笔远离市价的委托并撤掉，要加 --yes")
@click.option("--security", default="510300.XSHG", help="用哪只股票试，默认 510300.XSHG")
@click.option("--yes", is_flag=True, help="确定")
@with_home
@with_json
def doctor(home: Path, order_test: bool, security: str, yes: bool, as_json: bool) -> None:
    """自检：配置、时钟、磁盘、端口、账本、券商终端、日历、消息、隧道。"""
    from desk.cli import setting_up

    raise Leave(setting_up.doctor(home, as_json=as_json, order_test=security if order_test else "", yes=yes))


for _command in (strategy, plan, keys, console, snippet, jq_positions, test_signal, replay, books, positions, why):
    cli.add_command(_command)


# --- telling, looking back, keeping -----------------------------------------------------------------------------------


@cli.group()
@with_home
def notify(home: Path) -> None:
    """企业微信通知：试发、看发过什么。"""


@notify.command("test")
@with_home
def notify_test(home: Path) -> None:
    """给每个机器人发一条测试消息。"""
    from desk.cli import telling

    raise Leave(telling.test(home))


@notify.command("list")
@click.option("--limit", type=click.IntRange(min=0), default=30, help="最近几条")
@with_home
@with_json
def notify_list(home: Path, limit: int, as_json: bool) -> None:
    """看最近的通知和送达情况。"""
    from desk.cli import telling

    telling.listing(home, limit, as_json=as_json)


@cli.command()
@click.option("--date", "day", callback=as_day, help="哪一天，不写是今天")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="另画一张图，存到这个文件")
@click.option("--later", is_flag=True, hidden=True)  # beside a running program, which is served first
@click.option("--processor", "number", type=int, hidden=True)
@with_home
@with_json
def report(home: Path, day: date | None, png: Path | None, later: bool, number: int | None, as_json: bool) -> None:
    """看一天的摘要。"""
    from desk.cli import processor, telling

    if later:
        processor.for_pages(number)
    telling.report(home, day, as_json=as_json)
    if png is not None:
        from desk.cli import day_picture

        click.echo(day_picture.draw(home, day, png), err=True)


@cli.command()
@click.argument("table", metavar="表")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="全部写进这个文件")
@with_days
@with_home
def export(home: Path, table: str, day_from: date | None, day_to: date | None, out: Path | None) -> None:
    """导出 CSV（Excel 能直接打开）；表名或 all。"""
    from desk.cli import keeping

    showing.say(texts.exported(keeping.export(home, table, day_from, day_to, out)))


@cli.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="备份到这个文件")
@with_home
def backup(home: Path, out: Path | None) -> None:
    """备份账本和模拟账户的存档，程序在跑也可以。"""
    from desk.cli import keeping

    showing.say(texts.backed_up(*keeping.backup(home, out)))


@cli.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False), metavar="备份文件")
@click.option("--yes", is_flag=True, help="确定")
@with_home
def restore(home: Path, source: Path, yes: bool) -> None:
    """用备份换掉账本（连同一起备份的模拟账户存档）；旧的留着。"""
    from desk.cli import keeping

    if not yes:
        raise Leave(exits.CONFIRM, texts.RESTORE_NEEDS_YES)
    showing.say(texts.restored(*keeping.put_back(home, source)))


@cli.group()
@with_home
def autostart(home: Path) -> None:
    """登录 Windows 后自动启动跟单程序。"""


def _autostart(home: Path) -> Autostart:
    from desk.cli.autostart import Autostart

    return Autostart(home=home, env=os.environ)


@autostart.command("install")
@with_home
def autostart_install(home: Path) -> None:
    """装好登录后自启动的任务。"""
    showing.say(_autostart(home).install())


@autostart.command("remove")
@with_home
def autostart_remove(home: Path) -> None:
    """删除自启动的任务。"""
    showing.say(_autostart(home).remove())


@autostart.command("show")
@with_home
@with_json
def autostart_show(home: Path, as_json: bool) -> None:
    """看有没有装，启动的是什么。"""
    facts, said = _autostart(home).show()
    showing.document(facts) if as_json else showing.say(said)


# --- leaving ----------------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    # Configuration, keys, journal, logs, exports: what we make is for its owner alone. Windows has other rights.
    os.umask(0o077)
    try:
        cli.main(args=arguments, prog_name="main.py", standalone_mode=False)
        return exits.FINE
    except Leave as leave:
        return _left(leave.code, leave.text)
    except click.UsageError as error:
        return _left(exits.CONFIG, wrong(error))
    except click.ClickException as error:
        return _left(exits.CONFIG, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _left(exits.UNEXPECTED, "已中断。")
    except ConfigProblems as error:
        return _left(exits.CONFIG, f"配置有 {len(error.problems)} 个问题：\n{error}")
    except (CannotChange, CannotWrite) as error:
        return _left(exits.CONFIG, str(error))
    except OSError as error:
        return _left(exits.UNEXPECTED, texts.system_refused(because(error), error.filename))
    except JournalUnusable as error:
        return _left(exits.JOURNAL, str(error))
    except JournalError as error:
        return _left(exits.JOURNAL, f"账本不能用：{error}")


def _left(code: int, text: str) -> int:
    if text:
        showing.hint(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
