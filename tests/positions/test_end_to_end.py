"""A client that knows nothing of the server but its description, against the running daemon."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from desk.cli.daemon import Daemon
from desk.cli.home import CONSOLE, RECEIVER, Home
from desk.clock import SystemClock
from desk.journal import Journal, PositionBook
from tests.cli.homes import facts, free_port, verb, write_home
from tests.stand_in.position_client import PositionClient, key_pair, token

BANK = {"code": "000001.XSHE", "name": "平安银行", "volume": 1000, "cost": 12.5}
WINE = {"code": "600519.XSHG", "name": "贵州茅台", "volume": 100, "cost": 1450.0}


class Served:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.daemon = Daemon(
            Home(home), clock=SystemClock(), roles=frozenset({RECEIVER, CONSOLE}), env={}, console_level=None
        )
        self.daemon.open()
        self.daemon.start()
        assert self.daemon.console is not None
        self.local = f"http://127.0.0.1:{self.daemon.console.port}"
        self.door = f"http://{self.daemon.address}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(write_home(tmp_path, 持仓上传=True))
    yield made
    made.daemon.close()


def test_positions_go_in_by_both_doors_and_come_out_merged(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    private, public = key_pair()
    pem = served.home / "public.pem"
    pem.write_text(public, encoding="ascii")
    facts(capsys, served.home, "keys", "new", "jq", "--public", str(pem))
    writer = facts(capsys, served.home, "keys", "new", "py", "--api-key", "--strategy", "轮动")["api_key"]
    reader = facts(capsys, served.home, "keys", "new", "qmt", "--api-key", "--read")["api_key"]

    outside, inside = PositionClient(served.door), PositionClient(served.local, api_key=writer)
    auth = token(private, "jq", int(time.time()))
    status, said = outside.upload("小市值", [BANK], auth_token=auth)
    assert (status, said["client_id"], said["auth_type"]) == (200, "jq", "rsa")
    assert outside.upload("小市值", [BANK], auth_token=auth)[0] == 401
    assert inside.upload("轮动", [BANK | {"volume": 500, "cost": 14}, WINE])[0] == 200
    assert inside.upload("轮动", [BANK | {"volume": -1}])[0] == 400

    looking = PositionClient(served.local, api_key=reader)
    assert looking.strategy("小市值")[1]["positions"] == [BANK]
    assert [(row["total_volume"], row["avg_cost"]) for row in looking.total()[1]["positions"]] == [
        (1500, 13.0), (100, 1450.0)
    ]  # fmt: skip
    assert looking.total(strategies="小市直")[0] == looking.strategy("小市直")[0] == 404
    assert inside.total()[0] == PositionClient(served.local).total()[0] == 401

    assert verb(capsys, served.home, "keys", "revoke", "py")[0] == 0
    assert inside.upload("轮动", [WINE])[0] == 401


def test_of_many_uploads_at_once_one_whole_list_stands(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    api_key = facts(capsys, served.home, "keys", "new", "py", "--api-key")["api_key"]
    client = PositionClient(served.local, api_key=api_key)
    lists = [[BANK | {"volume": n}, WINE | {"volume": n}] for n in range(1, 25)]
    with ThreadPoolExecutor(8) as pool:
        assert {status for status, _ in pool.map(lambda rows: client.upload("小市值", rows), lists)} == {200}
    with Journal.open(served.home / "data" / "journal.sqlite3", clock=SystemClock(), read_only=True) as journal:
        target = PositionBook(journal).target("小市值")
    assert target is not None
    assert len({position.shares for position in target.positions}) == 1 and len(target.positions) == 2


def test_a_console_whose_port_is_taken_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    port = free_port()
    first = Served(write_home(tmp_path / "one", 控制台端口=port))
    second = Daemon(
        Home(write_home(tmp_path / "two", 控制台端口=port)), clock=SystemClock(),
        roles=frozenset({RECEIVER, CONSOLE}), env={}, console_level=None,
    )  # fmt: skip
    try:
        second.open()
        second.start()
        assert second.console is None and any(str(port) in notice for notice in second.notices)
        assert requests.get(f"http://{second.address}/healthz", timeout=20).json()["ok"] is True
    finally:
        second.close()
        first.daemon.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "console"]
