"""`keys …`: one function a verb."""

from __future__ import annotations

from pathlib import Path

import click

from desk.cli import client_keys, showing
from desk.cli.exits import CONFIG, Leave
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseGroup
from desk.texts import client_keys as texts


@click.group(cls=ChineseGroup)
@with_home
def keys(home: Path) -> None:
    """持仓同步的密钥：谁可以上传、读取持仓。"""


@keys.command("new")
@click.argument("client_id", metavar="名字")
@click.option("--strategy", default="", help="只准上传这个策略")
@click.option("--api-key", "api_key", is_flag=True, help="不用密钥对，给一个接口密钥")
@click.option("--read", "may_read", is_flag=True, help="接口密钥也可以读取持仓")
@click.option("--public", type=click.Path(path_type=Path, dir_okay=False), help="登记这个文件里已有的公钥")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="私钥写进这个文件")
@with_home
@with_json
def keys_new(
    home: Path,
    client_id: str,
    strategy: str,
    api_key: bool,
    may_read: bool,
    public: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """发一个新密钥；从不覆盖。"""
    if may_read and not api_key:
        raise Leave(CONFIG, texts.READ_NEEDS_API_KEY)
    if api_key:
        if public or out:
            raise Leave(CONFIG, texts.ONE_KIND)
        made = client_keys.new_api_key(home, client_id, strategy=strategy, may_read=may_read)
        said = texts.made_key(client_id, made.api_key)
    else:
        made = client_keys.new_pair(home, client_id, strategy=strategy, public=public, out=out)
        said = texts.known_pair(client_id) if made.file is None else texts.made_pair(client_id, made.file)
    if as_json:
        file = None if made.file is None else str(made.file)
        showing.document({"client_id": client_id, "api_key": made.api_key or None, "private_key_file": file})
    else:
        showing.say(said)


@keys.command("list")
@with_home
@with_json
def keys_list(home: Path, as_json: bool) -> None:
    """列出发过的密钥（不含密钥本身）。"""
    rows = client_keys.listing(home)
    if as_json:
        showing.document(rows)
        return
    lines = [
        texts.listed(row["client_id"], row["kind"], row["strategy"], row["may_read"], bool(row["revoked_at"]))
        for row in rows
    ]
    showing.say("\n".join(lines) or texts.NONE)


@keys.command("revoke")
@click.argument("client_id", metavar="名字")
@with_home
def keys_revoke(home: Path, client_id: str) -> None:
    """作废一个密钥，马上生效。"""
    client_keys.revoke(home, client_id)
    showing.say(texts.revoked(client_id))


@keys.command("password")
@with_home
def keys_password(home: Path) -> None:
    """设置内部密码：本机程序上传持仓、改持仓调整时用。"""
    password = click.prompt(texts.PASSWORD_PROMPT, hide_input=True, err=True)
    if click.prompt(texts.PASSWORD_AGAIN, hide_input=True, err=True) != password:
        raise Leave(CONFIG, texts.PASSWORDS_DIFFER)
    client_keys.set_password(home, password)
    showing.say(texts.PASSWORD_SET)
