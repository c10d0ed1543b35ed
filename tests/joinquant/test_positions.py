"""The pasted position uploader: signed over all of it, whole or not at all, never from a backtest."""

from __future__ import annotations

import json
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import Receiver as door
from desk.clock import SystemClock
from desk.core.targets import TargetPosition
from desk.positions import routes
from desk.snippet import POSITIONS_TEMPLATE, TEMPLATE, render_positions
from desk.texts import positions as texts
from tests.joinquant.jq_stub import JoinQuant, Position
from tests.joinquant.pasted import KID, SECRET
from tests.joinquant.pythons import python36, run
from tests.positions.room import NOW, Room, strategy

HERE = Path(__file__).resolve().parent
WANTED = (
    TargetPosition(symbol="000001.SZ", shares=1000, cost=Decimal("12.5000")),
    TargetPosition(symbol="600519.SH", shares=100, cost=Decimal("1450.0000")),
)


class Pasted:
    """The pasted file in this Python, its line to the room's tunnelled port noted and bendable."""

    def __init__(self, room: Room, *, run_type: str = "sim_trade", name: str = "小市值") -> None:
        self.jq = JoinQuant(run_type=run_type)
        self.jq.context.portfolio.positions = {
            "000001.XSHE": Position(900, locked=100, avg_cost=12.5),
            "600519.XSHG": Position(100, avg_cost=1450.0),
        }
        module = types.ModuleType("user_code")
        module.__dict__.update(self.jq.names())
        source = render_positions("http://127.0.0.1:9", KID, SECRET, name)
        exec(compile(source, "gendan_positions.py", "exec"), module.__dict__)
        self.upload = module.__dict__["gendan_upload_positions"]
        self.bodies: list[bytes] = []
        self.answers: list[tuple[int, bytes]] = []  # given instead of the room's, one a request
        self.room = room
        uploader = self.upload.uploader
        uploader.connect, uploader.sleep = self._connect, lambda _: None
        uploader.now = lambda: room.clock.now().timestamp()

    def __call__(self) -> list[tuple[str, str]]:
        """Upload; the new lines of the strategy's log."""
        before = len(self.jq.log.lines)
        self.upload(self.jq.context)
        return self.jq.log.lines[before:]

    def _connect(self, *_: Any, **__: Any) -> Any:
        def request(method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
            self.bodies.append(body)
            connection.given = self.answers.pop(0) if self.answers else self._real(method, path, body)

        def getresponse() -> Any:
            status, content = connection.given
            return types.SimpleNamespace(status=status, read=lambda _: content)

        connection = types.SimpleNamespace(request=request, getresponse=getresponse, close=lambda: None)
        return connection

    def _real(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        answer = self.room.door.open(path, method=method, data=body)
        return answer.status_code, answer.data


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.switch(strategies=(replace(strategy("小市值", KID), secret=SECRET), strategy("白马", "bm")))
    yield made
    made.journal.close()


def held(room: Room) -> tuple[TargetPosition, ...] | None:
    target = room.book.target("小市值")
    return None if target is None else target.positions


def test_the_whole_list_arrives_encrypted(room: Room) -> None:
    pasted = Pasted(room)
    assert pasted() == [("info", "[持仓上传] 已保存 2 只")]
    assert held(room) == WANTED
    assert b"000001" not in pasted.bodies[0] and SECRET.encode() not in pasted.bodies[0]


def test_a_body_counts_once_and_a_changed_one_never(room: Room) -> None:
    pasted = Pasted(room)
    pasted()
    (body,) = pasted.bodies
    path = "/api/v1/positions/update"
    again = room.door.post(path, data=body)
    assert (again.status_code, again.get_json()) == (401, {"error": texts.TOKEN_USED})
    envelope = json.loads(body)
    for changed in (
        envelope | {"t": envelope["t"] + 1}, envelope | {"c": envelope["c"][:-4] + "AAAA"}, envelope | {"k": "bm"}
    ):  # fmt: skip
        assert room.door.post(path, data=json.dumps(changed)).status_code in (400, 401)
    room.restart()
    assert room.door.post(path, data=body).status_code == 401
    assert held(room) == WANTED


def test_a_body_that_was_held_back_on_the_way_does_not_undo_a_later_one(room: Room) -> None:
    pasted = Pasted(room)
    pasted.answers = [(403, b"{}")]  # swallowed by whoever stands on the way
    assert pasted()[0][0] == "error"
    room.turned.advance(30)
    pasted.jq.context.portfolio.positions = {"600000.XSHG": Position(300)}
    assert pasted()[0][0] == "info"
    answer = room.door.post("/api/v1/positions/update", data=pasted.bodies[0])
    assert (answer.status_code, answer.get_json()) == (409, {"error": texts.OVERTAKEN})
    target = room.book.target("小市值")
    assert target is not None and [position.symbol for position in target.positions] == ["600000.SH"]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_body_from_another_time_is_refused(room: Room, seconds: int) -> None:
    pasted = Pasted(room)
    pasted.upload.uploader.now = lambda: NOW.timestamp() + seconds
    (line,) = pasted()
    assert line[0] == "error" and "300" in line[1]
    assert held(room) is None


def test_only_a_signed_answer_is_believed(room: Room) -> None:
    pasted = Pasted(room)
    pasted.answers = [(200, b'{"message":"ok"}'), (200, b"<html>log in here</html>"), (200, b"")]
    (line,) = pasted()
    assert line[0] == "error" and len(pasted.bodies) == 3
    assert pasted() == [("info", "[持仓上传] 已保存 2 只")]


def test_a_failed_line_is_tried_again_with_a_new_body(room: Room) -> None:
    pasted = Pasted(room)
    pasted.answers = [(503, b"{}"), (502, b"")]
    assert pasted() == [("info", "[持仓上传] 已保存 2 只")]
    assert len(set(pasted.bodies)) == 3


def test_another_strategys_name_is_refused_and_not_repeated(room: Room) -> None:
    for name in ("白马", "小市直"):
        pasted = Pasted(room, name=name)
        (line,) = pasted()
        assert line[0] == "error" and len(pasted.bodies) == 1
    assert room.book.targets() == []


@pytest.mark.parametrize("run_type", ["simple_backtest", "full_backtest", ""])
def test_a_backtest_uploads_nothing(room: Room, run_type: str) -> None:
    pasted = Pasted(room, run_type=run_type)
    assert (pasted(), pasted.bodies) == ([], [])


def test_positions_that_cannot_be_read_are_no_empty_list(room: Room) -> None:
    pasted = Pasted(room)
    pasted()
    pasted.jq.context.portfolio.positions["000002.XSHE"] = object()
    (line,) = pasted()
    assert line[0] == "error" and len(pasted.bodies) == 1
    del pasted.jq.context.portfolio.positions
    assert pasted()[0][0] == "error" and len(pasted.bodies) == 1
    assert held(room) == WANTED


def test_a_captured_upload_is_no_order(room: Room) -> None:
    pasted = Pasted(room)
    pasted()
    room.door.post("/api/order", data=pasted.bodies[0])
    assert room.journal.undecided_events() == []


# --- Python 3.6 -------------------------------------------------------------------------------------------------------


@contextmanager
def served(room: Room) -> Iterator[str]:
    """The room's tunnelled port on a real socket."""
    receiver = door.Receiver(
        journal=room.journal, keyring=door.Keyring(lambda: room.config), clock=room.clock, alarm=lambda *_: None
    )
    app = door.make_app(receiver, routes.tunnelled(room.service))
    server, stop = door.open_door(app, "127.0.0.1", 0, clock=SystemClock()), threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def old_python() -> str:
    python = python36()
    if python is None:
        pytest.skip("no Python 3.6 here: set GENDAN_PY36 to one, or install it where PATH or pyenv finds it")
    return python


@pytest.mark.parametrize("which", ["this python", "python 3.6"])
def test_it_runs_where_joinquant_runs(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    python: str = sys.executable if which == "this python" else request.getfixturevalue("old_python")
    room = Room(tmp_path, clock=SystemClock())
    room.switch(strategies=(replace(strategy("小市值", KID), secret=SECRET),))
    with served(room) as address:
        pasted = tmp_path / "pasted.py"
        pasted.write_text(render_positions(address, KID, SECRET, "小市值"), encoding="utf-8")
        done = run(python, str(HERE / "positions_under_36.py"), str(pasted))
    assert done.stderr == "" and done.returncode == 0
    left = json.loads(done.stdout)
    if python != sys.executable:
        assert left["version"] == [3, 6]
    assert left["log"] == [["info", "[持仓上传] 已保存 2 只"]]
    assert held(room) == WANTED
    room.journal.close()


# --- what is pasted ---------------------------------------------------------------------------------------------------


def test_it_signs_as_the_header_does_because_it_is_the_headers_code() -> None:
    pasted = render_positions("1.2.3.4:8888", KID, SECRET, "a")
    header = TEMPLATE.read_text(encoding="utf-8")
    signing = header[header.index("    def digest(key, data):") : header.index("    # --- 网络")].rstrip()
    assert signing in pasted and "class Keys" not in POSITIONS_TEMPLATE.read_text(encoding="utf-8")
    assert "@@" not in pasted


def test_a_secret_that_could_not_work_is_refused() -> None:
    with pytest.raises(ValueError):
        render_positions("1.2.3.4:8888", KID, "password", "a")
