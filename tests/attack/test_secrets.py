"""Keys and tokens stay in the configuration: not in logs, errors, exports, backups, reports, or on the screen.

This is the one run that goes through everything; a fixture of the session (tests/conftest.py) searches what all other
tests have left, and what they printed.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from desk.clock import SystemClock
from tests import secrets
from tests.cli.homes import OTHER, SECRET, TOKEN, running, until, verb, write_home
from tests.stand_in.programs import Postman
from tests.stand_in.senders import HELD_ORDER, Sender, v1_body, v1_plaintext
from tests.stand_in.wecom import Robots, serve

PASSWORD = "geheim-" + "token-0815"
VERBS = (
    "status", "signals", "orders", "fills", "positions", "books", "check-config", "doctor", "report", "notify list",
    "notify test", "strategy list", "reconcile", "export all", "backup", "strategy rekey 小市值",
    "strategy mode 轮动 实盘",
)  # fmt: skip


def test_a_day_with_everything_that_can_go_wrong_tells_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SystemClock()
    robots = Robots(clock.monotonic, tokens=())  # whose answer quotes the key: 93000, hint: key=…
    with serve(robots) as url:
        home = write_home(tmp_path / "home", 微信token=[TOKEN], 微信地址=url, 策略=[
            {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "账户": "模拟账户"},
            {"名称": "轮动", "标识": "etf", "密钥": OTHER, "账户": "模拟账户", "解码令牌": PASSWORD,
             "允许旧协议": str(clock.now().date() + timedelta(days=30))},
        ])  # fmt: skip
        port = json.loads((home / "config" / "聚宽跟单设置.json").read_text("utf-8"))["端口"]
        said = []
        with running(home) as daemon:
            strategy = Sender("xsz", SECRET)
            postman = Postman(port, strategy)
            now = clock.now()
            for body in (
                strategy.body(HELD_ORDER, at=now),
                strategy.body({"y": "o"}, at=now),  # authentic, unusable: told, and kept raw
                Sender("xsz", OTHER).body(HELD_ORDER, at=now),
                v1_body(PASSWORD, v1_plaintext(now)),
                v1_body(PASSWORD, v1_plaintext(now - timedelta(hours=1))),
                v1_body("wrong", v1_plaintext(now)),
                b'{"k":"' + SECRET.encode() + b'"}',
                b"GET " + SECRET.encode(),
            ):
                assert postman.post(body)[0] in (200, 400, 401, 403)
            postman.close()
            until(lambda: robots.requests)
            for words in VERBS:
                for more in ((), ("--json",)):
                    _, out, err = verb(capsys, home, *words.split(), *more)
                    said.append(out + err)
            said.append(daemon.said)
        (home / "config" / "分析配置.json").write_text('{"微信token": ["' + TOKEN + '"], "账户": 1}', encoding="utf-8")
        said += verb(capsys, home, "check-config")[1:]
    assert any("93000" in text for text in said) and list((home / "data").rglob("*.csv"))
    assert [text for text in said if secrets.found_in(text.encode())] == []
    assert list(secrets.leaks(home)) == []


def test_the_search_finds_a_secret_wherever_it_was_written(tmp_path: Path) -> None:
    for name in ("data/日志/2026-11-20.log", "data/x.sqlite3", "data/摘要数据/summary.csv", "said.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\x00 " + TOKEN.encode() + b" \xff")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "x.json").write_text(SECRET, encoding="utf-8")
    assert len(list(secrets.leaks(tmp_path))) == 4
    assert SECRET not in str(list(secrets.leaks(tmp_path)))
    assert secrets.found_in(PASSWORD.encode()) == "geheim-t…"
    shutil.rmtree(tmp_path)  # or the search at the session's end would find them, too
