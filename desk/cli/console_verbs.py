"""`console …`: one function a verb."""

from __future__ import annotations

from pathlib import Path

import click

from desk.cli import showing
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseGroup
from desk.clock import SystemClock
from desk.texts import access as texts


@click.group(cls=ChineseGroup)
@with_home
def console(home: Path) -> None:
    """网页控制台的用户。"""


@console.command("setup-link")
@with_home
@with_json
def console_setup_link(home: Path, as_json: bool) -> None:
    """给一个新的设置链接：设第一个管理员，或忘了密码时重设。"""
    from desk.cli.console import setup_link

    address, minutes = setup_link(home)
    if as_json:
        showing.document({"address": address, "minutes": minutes})
    else:
        showing.say(texts.set_up_again(address, minutes))


@console.command("serve", hidden=True)
@click.option("--processor", "number", type=int)
@with_home
def console_serve(home: Path, number: int | None) -> None:
    """由 run 启动，问 run 要行情；不要自己运行它，要分开运行请用 run --only console。"""
    from desk.cli.console_process import serve

    serve(home, clock=SystemClock(), say=showing.hint, number=number)
