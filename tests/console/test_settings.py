"""The settings with their sources, secrets masked, and what is asked when one is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.settings import editing
from desk.settings.document import FOLLOW_FILE
from desk.settings.loader import load
from tests.cli.homes import write_home
from tests.console.room import TRADING, Room

MINE = {"委托等待秒数": "6", "trading_password": TRADING}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """One whose configuration is read from files."""
    made = Room(tmp_path)
    write_home(tmp_path)
    made.config = load(tmp_path, {})
    made.people()
    yield made
    made.close()


def test_values_stand_with_their_source_and_secrets_do_not_stand_at_all(room: Room) -> None:
    page = room.browser("店主").get("/settings").text
    secret = room.config.strategies[0].secret
    assert secret and secret not in page and "******" in page
    assert "文件</span>" in page and "默认</span>" in page
    assert "还没有改动" in page and "配置文件在程序读过之后改过" not in page


def test_each_setting_is_explained_in_the_language_of_who_looks(room: Room) -> None:
    browser = room.browser("店主")
    assert "接收信号的端口" in browser.get("/settings").text
    browser.post("/look", {"language": "en"})
    page = browser.get("/settings").text
    assert "The receiver&#39;s port" in page and "接收信号的端口" not in page
    assert "Orders in a day at most" in browser.get("/risk").text


def test_a_secret_of_the_environment_is_named_by_its_variable(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENDAN_WECOM_TOKENS", "abcdefgh-1234")
    page = room.browser("店主").get("/settings").text
    assert "GENDAN_WECOM_TOKENS" in page and "abcdefgh" not in page


def test_the_first_accounts_qmt_is_named_by_its_variables(room: Room) -> None:
    given = {"MINIQMT_ACCOUNT_ID": "880", "MINIQMT_USERDATA_PATH": "D:/q"}
    name = room.config.accounts[0].name

    def of_account(env: dict[str, str]) -> dict[str, str]:
        found = editing.origins(room.folder, env)
        return {path[3]: origin for path, origin in found.items() if path[1:3] == ("账户", name) and origin in env}

    account = {"qmt账户": "MINIQMT_ACCOUNT_ID", "qmt路径": "MINIQMT_USERDATA_PATH"}
    assert of_account(given) == account
    assert of_account({**given, "MINIQMT_ENABLED": "1"}) == {**account, "通道": "MINIQMT_ENABLED"}
    assert of_account({**given, "MINIQMT_ENABLED": "false"}) == of_account({"MINIQMT_ENABLED": "perhaps"}) == {}


def test_a_file_that_is_changed_or_broken_is_told(room: Room) -> None:
    path = room.folder / "config" / FOLLOW_FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n", encoding="utf-8")
    assert "配置文件在程序读过之后改过" in room.browser("店主").get("/settings").text
    path.write_text(text[:-5], encoding="utf-8")
    page = room.browser("店主").get("/settings")
    assert page.status_code == 200 and "配置文件现在读不了" in page.text


def test_what_was_typed_is_asked_in_the_users_name_and_noted(room: Room) -> None:
    assert room.browser("店主").post("/settings/follow", MINE).status_code == 302
    assert room.changed.wishes == [
        ("settings", {"file": FOLLOW_FILE, "委托等待秒数": "6"}, "console:店主"),
    ]
    assert ("店主", "settings.changed", FOLLOW_FILE) in [row[:3] for row in room.noted()]


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("/settings/follow", {**MINE, "trading_password": "wrong one"}, 302),
        ("/settings/follow", {"密钥": "gd2_x", "trading_password": TRADING}, 400),
        ("/settings/elsewhere", MINE, 404),
        ("/settings/back/1", {"trading_password": "wrong one"}, 302),
    ],
)
def test_nothing_is_asked_without_the_password_or_for_what_cannot_be_changed_here(
    room: Room, path: str, form: dict[str, str], code: int
) -> None:
    assert room.browser("店主").post(path, form).status_code == code
    assert room.changed.wishes == []
