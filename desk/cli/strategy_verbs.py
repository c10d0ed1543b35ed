"""`strategy …`, `snippet` and `test-signal`: one function a verb."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from desk.cli import exits, facts, sending, showing, strategies
from desk.cli.asking import ask
from desk.cli.exits import Leave
from desk.cli.home import Home
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseGroup, ChineseVerb
from desk.clock import SystemClock
from desk.texts import cli as texts
from desk.texts.system import because


@click.group(cls=ChineseGroup)
@with_home
def strategy(home: Path) -> None:
    """添加、查看、暂停、恢复策略，改比例、模式、密钥。"""


@strategy.command("add")
@click.argument("name", metavar="名称")
@click.option("--kid", help="短名：字母、数字、_、-；不写就取 s1、s2…")
@click.option("--ratio", default="1", help="跟单比例，聚宽买 1 股我们买几股")
@click.option("--account", help="账户；只有一个账户时不必写")
@with_home
@with_json
def strategy_add(home: Path, name: str, kid: str | None, ratio: str, account: str | None, as_json: bool) -> None:
    """添加一个策略（模拟模式），并生成密钥。"""
    added, told = strategies.add(home, name, kid=kid, ratio=ratio, account=account)
    if as_json:
        showing.document(added)
    else:
        showing.say(texts.added(name, added["kid"], added["secret"], added["accounts"]))
    showing.hint(told)


@strategy.command("list")
@with_home
@with_json
def strategy_list(home: Path, as_json: bool) -> None:
    """列出策略。"""
    place = Home(home)
    config = place.config()
    with place.look(config, SystemClock()) as journal:
        rows = facts.status(journal, config, place)["strategies"]
    showing.document(rows) if as_json else showing.show_strategies(rows)


@strategy.command("pause")
@click.argument("name", metavar="名称")
@with_home
def strategy_pause(home: Path, name: str) -> None:
    """暂停一个策略：信号照收，不下单。"""
    showing.say(strategies.pause(home, name).text)


@strategy.command("resume")
@click.argument("name", metavar="名称")
@with_home
def strategy_resume(home: Path, name: str) -> None:
    """恢复一个策略；欠下的卖出随即补做。"""
    showing.say(strategies.resume(home, name).text)


@strategy.command("ratio")
@click.argument("name", metavar="名称")
@click.argument("ratio", metavar="比例")
@click.option("--account", help="只改这个账户上的比例")
@click.option("--plan", is_flag=True, help="已持有的也按新比例做一份计划，等人批准")
@with_home
def strategy_ratio(home: Path, name: str, ratio: str, account: str | None, plan: bool) -> None:
    """改跟单比例；只影响以后的买入。"""
    showing.say(strategies.ratio(home, name, ratio, account).text)
    if plan:
        answer = ask(home, "plan", {"strategy": strategies.full_name(home, name)})
        (showing.say if answer.code == exits.FINE else showing.hint)(answer.text)
        raise Leave(answer.code)


@strategy.command("adjust", context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="名称")
@click.argument("security", metavar="代码")
@click.argument("shares", metavar="±股数", type=int)
@click.option("--account", default="", help="在哪个账户；只有一个账户时不必写")
@with_home
def strategy_adjust(home: Path, name: str, security: str, shares: int, account: str) -> None:
    """在策略的应持股数上加减（最低到零），做一份计划等人批准。"""
    args = {"strategy": strategies.full_name(home, name), "security": security, "shares": str(shares)}
    answer = ask(home, "adjust", {**args, "account": account})
    (showing.say if answer.code == exits.FINE else showing.hint)(answer.text)
    raise Leave(answer.code)


@strategy.command("mode")
@click.argument("name", metavar="名称")
@click.argument("mode", metavar="模拟|确认|实盘")
@click.option("--yes", is_flag=True, help="确定要实盘")
@with_home
def strategy_mode(home: Path, name: str, mode: str, yes: bool) -> None:
    """改模式；实盘要加 --yes。"""
    showing.say(strategies.mode(home, name, mode, yes=yes).text)


@strategy.command("rekey")
@click.argument("name", metavar="名称")
@with_home
def strategy_rekey(home: Path, name: str) -> None:
    """换新密钥；之后要重新生成聚宽代码。"""
    showing.say(strategies.rekey(home, name))


@click.command(cls=ChineseVerb)
@click.argument("name", metavar="名称")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="写进文件")
@click.option("--address", help="用这个地址，不用配置里的公网地址")
@with_home
def snippet(home: Path, name: str, out: Path | None, address: str | None) -> None:
    """生成要贴进聚宽的代码（里面有密钥）。"""
    _give(*sending.snippet(home, name, address), out)


def _give(text: str, remark: str, out: Path | None) -> None:
    """Write the text into a file or print it; the remark goes beside it."""
    if out is None:
        showing.say(text.rstrip("\n"))
    else:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise Leave(exits.CONFIG, texts.cannot_write_file(out, because(error))) from error
        showing.say(texts.snippet_written(out))
    if remark:
        showing.hint(remark)


@click.command("jq-positions", cls=ChineseVerb)
@click.argument("name", metavar="名称")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="写进文件")
@click.option("--address", help="用这个地址，不用配置里的公网地址")
@with_home
def jq_positions(home: Path, name: str, out: Path | None, address: str | None) -> None:
    """生成要贴进聚宽的持仓上传代码（里面有密钥）。"""
    _give(*sending.positions(home, name, address), out)


def _as_price(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("")  # said by the type
    return value


@click.command("test-signal", cls=ChineseVerb)
@click.argument("name", metavar="名称")
@click.option("--security", required=True, help="聚宽代码，例如 000001.XSHE")
@click.option("--side", type=click.Choice(["buy", "sell"]), required=True, help="买还是卖")
@click.option("--amount", type=click.IntRange(min=1), required=True, help="聚宽股数")
@click.option("--price", type=click.FloatRange(min=0, min_open=True), callback=_as_price, help="信号里的价格")
@click.option("--via-tunnel", is_flag=True, help="从公网地址绕一圈")
@click.option("--live", is_flag=True, help="下到策略真正的账户，而不是模拟账户")
@click.option("--yes", is_flag=True, help="确定要下真实委托")
@with_home
@with_json
def test_signal(home: Path, name: str, side: str, as_json: bool, **options: Any) -> None:
    """用真正的聚宽代码发一条测试信号，记在「测试」名下。"""
    sent = sending.test_signal(home, name, buy=side == "buy", **options)
    if as_json:
        showing.document(sent)
    else:
        showing.say(texts.test_delivered(sent["answer"], sent["address"], sent["id"]))
        if sent["signal"] is not None:
            showing.show_list("signals", [sent["signal"]], as_json=False, bounded=True)
    sending.judge(sent)
