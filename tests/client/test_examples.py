"""The examples as a user runs them, the package's own HTTP, and the oldest Python that it promises."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import gendan_client
import Receiver as door
from desk.clock import SystemClock
from desk.console.app import open_console
from desk.core.config import StrategyConfig
from gendan_client import (
    BadAnswer,
    FailedReading,
    GendanError,
    HttpTransport,
    NoAnswer,
    Position,
    PositionServer,
    Reading,
    Unreachable,
)
from gendan_client.examples import easyxt_sync
from gendan_client.transport import MAX_ANSWER_BYTES, Request
from tests.client.stage import Stage
from tests.client.test_easyxt import WHOLE
from tests.positions.room import Room
from tests.reading import ROOT
from tests.stand_in.ports import free_port
from tests.stand_in.post import SECRET, VECTORS

# --- the example, in this process -------------------------------------------------------------------------------------


def terminal(rows: Any, market_value: float = 1000.0) -> Any:
    """As xtquant's trader answers."""
    asset = None if market_value is None else SimpleNamespace(market_value=market_value)
    return SimpleNamespace(query_stock_asset=lambda account: asset, query_stock_positions=lambda account: rows)


BANK_ROW = SimpleNamespace(stock_code="000001.SZ", volume=1000, avg_price=12.5, last_price=12.0)


@pytest.mark.parametrize(
    ("rows", "market_value"),
    [(None, 1000.0), ([BANK_ROW], None), ([], 1000.0), ([], None), (None, 0.0), ([], float("nan"))],
)
def test_an_account_that_was_not_read_whole_is_a_failure(rows: Any, market_value: Any) -> None:
    with pytest.raises(FailedReading):
        easyxt_sync.read_account(terminal(rows, market_value), "account")


def test_opposite_changes_between_two_rounds_are_told(stage: Stage) -> None:
    writer = PositionServer("http://local", api_key=stage.room.add_key("py"), transport=stage.line)
    held = [Position(code="000001.SZ", shares=shares, cost=Decimal(11)) for shares in (300, 100)]
    writer.upload("白马", Reading.whole([held[0]]))
    volumes = iter((1000, 1500))

    def rows(account: str) -> list[Any]:
        return [SimpleNamespace(stock_code="000001.SZ", volume=next(volumes), avg_price=12.5)]

    trader = terminal([])
    trader.query_stock_positions = rows
    rounds = iter((lambda: writer.upload("白马", Reading.whole([held[1]])), None))
    said = started(stage, trader, after_round=rounds)
    assert "方向相反" not in said[2] and "方向相反" in said[4]
    assert "+500" in said[4] and "-200" in said[4]


def test_an_account_is_empty_only_when_its_assets_say_so_too() -> None:
    assert easyxt_sync.read_account(terminal([], 0.0), "account") == Reading.nothing_held()
    read = easyxt_sync.read_account(terminal([BANK_ROW]), "account")
    assert [position.code for position in read.positions] == ["000001.SZ"]


def started(stage: Stage, trader: Any, after_round: Any = iter(()), **changes: Any) -> list[str]:  # noqa: B008
    """What the example says, in one round and one more for everything that happens after a round."""
    config = stage.folder / "jq2qmt_config.json"
    key = stage.room.add_key("easyxt", may_read=True)
    auth = {"use_crypto_auth": False, "simple_api_key": key}
    whole = {**WHOLE, "server_url": "http://local", "auth_config": auth, "strategy_mapping": {"双均线策略": "小市值"}}
    config.write_text(json.dumps({**whole, **changes}, ensure_ascii=False), encoding="utf-8")
    stop, said = threading.Event(), []
    stage.outside.after_wait = lambda: (next(after_round, None) or stop.set)()
    easyxt_sync.start(
        config, "双均线策略", trader, "account", stop, say=said.append, transport=stage.line, outside=stage.outside
    )
    return said


def test_the_example_syncs_an_account_and_tells_the_conflicts(stage: Stage) -> None:
    writer = PositionServer("http://local", api_key=stage.room.add_key("py"), transport=stage.line)
    writer.upload("白马", Reading.whole([Position(code="000001.SZ", shares=300, cost=Decimal(11))]))
    said = started(stage, terminal([BANK_ROW]))
    assert [row[:2] for row in stage.target()] == [("000001.SZ", 1000)]
    assert said[:2] == ["配置里这些部分这里用不到：order_settings、qka_settings", "小市值 已同步"]
    assert "同时持有" in said[2] and "白马" in said[2] and "1300" in said[2]


@pytest.mark.parametrize(
    ("trader", "changes"),
    [
        (terminal(None), {}),
        (terminal([]), {}),
        (terminal([BANK_ROW, SimpleNamespace(stock_code="?", volume=1, avg_price=1)]), {}),
        (terminal([BANK_ROW]), {"risk_control": {"enable_position_limit_check": True, "max_position_value": 1}}),
        (terminal([BANK_ROW]), {"enabled": False}),
    ],
)
def test_the_example_uploads_nothing_doubtful(stage: Stage, trader: Any, changes: dict[str, Any]) -> None:
    said = started(stage, trader, **changes)
    assert stage.line.requests == [] and any("没有同步" in one or "什么也不做" in one for one in said)


# --- the guide --------------------------------------------------------------------------------------------------------

GUIDE = (ROOT / "gendan_client" / "README.md").read_text(encoding="utf-8")


def test_the_guide_names_only_what_there_is() -> None:
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        imported = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
        ours = [alias.name for node in imported if node.module == "gendan_client" for alias in node.names]
        assert ours and [name for name in ours if not hasattr(gendan_client, name)] == []
    named = set(re.findall(r"`([A-Z][a-z][A-Za-z]*)[(.`]", GUIDE))
    assert len(named) > 20 and [name for name in named if not hasattr(gendan_client, name)] == []


def test_the_guide_says_of_every_error_whether_the_same_may_be_done_again() -> None:
    said = {
        name: again.strip() == "可以"
        for cells, again in re.findall(r"^\| (`[^|]+) \| (可以|不行) \|", GUIDE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cells)
    }
    errors = {
        name: kind.retry_safe
        for name, kind in vars(gendan_client.errors).items()
        if isinstance(kind, type) and issubclass(kind, GendanError) and kind is not GendanError
    }
    assert said == errors


# --- real sockets -----------------------------------------------------------------------------------------------------


@contextmanager
def listening(answer: bytes, *, hold: bool = False) -> Iterator[str]:
    """A server that answers one request with these bytes, and then hangs up or holds the line."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        done = threading.Event()

        def serve() -> None:
            with closing(listener.accept()[0]) as peer:
                peer.recv(65536)
                peer.sendall(answer)
                if hold:
                    done.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        done.set()
        thread.join()


def test_an_answer_over_http_is_whole_or_none() -> None:
    transport = HttpTransport(seconds=30)
    with listening(b"HTTP/1.1 503 X\r\nContent-Length: 2\r\nRetry-After: 5\r\n\r\nhi") as address:
        answer = transport(Request("GET", address))
    assert (answer.status, answer.body, answer.retry_after_s) == (503, b"hi", 5)
    for broken in (
        b"HTTP/1.1 200 X\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
        b"hi",
        b"",
    ):
        with listening(broken) as address, pytest.raises(NoAnswer):
            transport(Request("POST", address, {}, b"x"))


def test_an_answer_too_large_is_not_read() -> None:
    announced = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1)
    with listening(announced) as address, pytest.raises(BadAnswer):
        HttpTransport(seconds=30)(Request("GET", address))


def test_a_server_that_holds_the_line_is_left_at_the_deadline() -> None:
    begun = b"HTTP/1.1 200 X\r\nContent-Length: 3\r\n\r\nh"
    with listening(begun, hold=True) as address, pytest.raises(NoAnswer):
        HttpTransport(seconds=0.05)(Request("GET", address))


def test_where_nobody_listens_nothing_has_left() -> None:
    with pytest.raises(Unreachable):
        HttpTransport()(Request("GET", f"http://127.0.0.1:{free_port()}/x"))


# --- the oldest Python ------------------------------------------------------------------------------------------------


def oldest_python() -> str:
    """A Python 3.8 (GENDAN_PY38, pyenv's); where there is none, this one."""
    versions = Path.home() / ".pyenv" / "versions"
    found = [os.environ.get("GENDAN_PY38"), *map(str, versions.glob("3.8.*/bin/python"))]
    return next((one for one in found if one and Path(one).exists()), sys.executable)


@contextmanager
def served(room: Room) -> Iterator[tuple[str, str]]:
    """The room's two apps on ports of this PC."""
    stop = threading.Event()
    ports = [
        opened(app, "127.0.0.1", 0, clock=SystemClock())
        for opened, app in ((door.open_door, room.door.application), (open_console, room.local.application))
    ]
    threads = [threading.Thread(target=port.run, args=(stop,)) for port in ports]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{ports[0].port}", f"http://127.0.0.1:{ports[1].port}"
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_the_package_and_its_examples_run_over_real_http(tmp_path: Path) -> None:
    python = oldest_python()
    room = Room(tmp_path, clock=SystemClock())
    strategy = StrategyConfig(name="小市值", kid="xsz", secret=SECRET, accounts=())
    room.switch(strategies=(strategy,))
    key = room.add_key("easyxt", may_read=True)
    secret = tmp_path / "config" / "secret"
    secret.parent.mkdir()
    secret.write_text(SECRET, encoding="ascii")
    with served(room) as (receiver, console):
        config = tmp_path / "config" / "jq2qmt_config.json"
        auth = {"use_crypto_auth": False, "simple_api_key": key}
        settings = {"server_url": console, "auth_config": auth, "strategy_mapping": {"双均线策略": "小市值"}}
        config.write_text(json.dumps(settings), encoding="utf-8")
        done = subprocess.run(
            [python, "-W", "error", str(ROOT / "tests" / "client" / "under_38.py"), receiver, console,
             str(VECTORS / "wire_v2.json"), str(secret), str(tmp_path / "spool"), str(config),
             f"http://127.0.0.1:{free_port()}"],
            capture_output=True, encoding="utf-8", timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    try:
        assert done.stderr == "" and done.returncode == 0
        said = json.loads(done.stdout.splitlines()[-1])
        assert said["said"] == ["小市值 已同步"]
        assert python == sys.executable or said["version"] == [3, 8]
        kinds = [event.body.kind.value for event in room.journal.undecided_events()]
        assert kinds == ["order", "snapshot"] * 2
        target = room.book.target("小市值")
        assert target is not None and [(p.symbol, p.shares) for p in target.positions] == [("600519.SH", 200)]
    finally:
        room.journal.close()
