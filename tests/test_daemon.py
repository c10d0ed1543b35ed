"""The real program when its disk, its journal or its lock fails it: a sentence, the right exit code, nothing lost.

What else ends a start, a port that is taken, a file that never was a journal, a second daemon, stands in tests/cli.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from desk.journal import view_books, views
from desk.texts.receiver import UNAVAILABLE_TITLE
from tests.stand_in.programs import Postman, Program, bought, id_of, make_home, secret, sender, until
from tests.stand_in.wecom import Robots, serve

PAGE = 4096
TOKEN = "11112222-3333-4444-5555-666677778888"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path, port=make_home(tmp_path)) as program:
        yield program


@pytest.fixture
def postman(program: Program) -> Iterator[Postman]:
    postman = Postman(program.port, sender())
    yield postman
    postman.close()


def journal_file(program: Program) -> Path:
    return program.home / "data" / "journal.sqlite3"


def no_file_beyond(size: int) -> Callable[[], None]:
    """Stands for a full disk: in this process no file grows beyond `size` bytes."""
    resource = pytest.importorskip("resource", reason="this system cannot bound a file's size")
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def verdicts(program: Program) -> dict[str, str]:
    with program.journal() as journal:
        return {view["id"]: view["verdict"] for view in views.signals(journal)}


def assert_each_is_followed_once(program: Program, bodies: list[bytes]) -> None:
    until(lambda: verdicts(program) == {id_of(body): "done" for body in bodies}, lambda: verdicts(program))
    expected = {f"600{number:03d}.SH": 100 for number in range(1, len(bodies) + 1)}
    until(lambda: held(program) == expected, lambda: held(program))
    with program.journal() as journal:
        assert {book["symbol"]: book["own_shares"] for book in view_books.books(journal)} == expected


def held(program: Program) -> dict[str, int]:
    with program.journal() as journal:
        return {position["symbol"]: position["shares"] for position in views.positions(journal)}


def test_a_full_disk_is_answered_503_and_what_was_acknowledged_is_followed_after_it(
    program: Program, postman: Postman
) -> None:
    program.start()
    assert program.stop() == 0
    size = journal_file(program).stat().st_size
    program.start(no_file_beyond(size + 30 * PAGE))
    bodies: list[bytes] = []
    for number in itertools.count(1):
        bodies.append(bought(postman.sender, number))
        status, answer, headers = postman.post(bodies[-1])
        if status != 200:
            break
        assert postman.sender.read_ack(bodies[-1], answer)[0] == "accepted"
        assert number < 150, "the disk never filled"
    assert (status, answer) == (503, b'{"error": "unavailable"}')
    assert int(headers["retry-after"]) > 0
    assert program.process is not None and program.process.poll() is None
    program.kill()
    with program.journal() as journal, journal.look() as look:
        stored = {event_id for (event_id,) in look.rows("SELECT event_id FROM events")}
        halves = look.rows("SELECT COUNT(*) FROM bodies WHERE id NOT IN (SELECT body FROM events)")
    assert stored >= {id_of(body) for body in bodies[:-1]}, "what was acknowledged is there"
    assert halves == [(0,)]
    program.start()  # the disk has room again
    postman.deliver(bodies[-1])
    assert_each_is_followed_once(program, bodies)


def test_a_full_disk_at_the_first_start_is_said_and_leaves_with_4(program: Program) -> None:
    program.launch(no_file_beyond(PAGE))
    assert program.exit_code() == 4
    assert "磁盘" in program.text() and "Traceback" not in program.text()
    program.start()
    assert program.stop() == 0


def test_a_journal_that_another_program_has_locked_is_answered_503_until_it_is_free(
    program: Program, postman: Postman
) -> None:
    program.start()
    first, second = bought(postman.sender, 1), bought(postman.sender, 2)
    postman.deliver(first)
    assert_each_is_followed_once(program, [first])
    with closing(sqlite3.connect(journal_file(program), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, answer, headers = postman.post(second)
        assert (status, answer) == (503, b'{"error": "unavailable"}')
        assert int(headers["retry-after"]) > 0
        assert set(verdicts(program)) == {id_of(first)}
        other.execute("ROLLBACK")
    postman.deliver(second)
    assert_each_is_followed_once(program, [first, second])
    assert postman.acked[id_of(second)] == ["accepted"]
    assert program.stop() == 0


def test_a_journal_that_cannot_be_written_is_told_by_wecom_all_the_same(program: Program, postman: Postman) -> None:
    robots = Robots(monotonic, (TOKEN,))
    with serve(robots) as address:
        settings = program.home / "config" / "分析配置.json"
        said = json.loads(settings.read_text(encoding="utf-8")) | {"微信token": [TOKEN], "微信地址": address}
        settings.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        program.start()
        with closing(sqlite3.connect(journal_file(program), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert postman.post(bought(postman.sender, 1))[0] == 503
            until(lambda: UNAVAILABLE_TITLE in str(robots.texts[TOKEN]), lambda: robots.texts)
            assert verdicts(program) == {}
            other.execute("ROLLBACK")
        assert program.stop() == 0


def test_a_journal_that_may_only_be_read_is_said_and_leaves_with_4(program: Program) -> None:
    program.start()
    assert program.stop() == 0
    file = journal_file(program)
    content = bytearray(file.read_bytes())
    content[18] = 3  # SQLite's own mark for a file that this version may read and not write
    file.write_bytes(content)
    program.launch()
    assert program.exit_code() == 4
    assert "只读" in program.text() and "Traceback" not in program.text()
    content[18] = 2
    file.write_bytes(content)
    program.start()
    assert program.stop() == 0


def test_a_damaged_journal_is_said_with_what_to_do_and_is_not_touched(program: Program) -> None:
    program.start()
    assert program.stop() == 0
    file = journal_file(program)
    content = bytearray(file.read_bytes())
    for start in range(2 * PAGE, len(content) - PAGE, PAGE):
        content[start : start + PAGE] = bytes(range(256)) * (PAGE // 256)
    file.write_bytes(content)
    program.launch()
    assert program.exit_code() == 4
    assert "已损坏" in program.text() and "restore" in program.text() and "Traceback" not in program.text()
    assert file.read_bytes() == content


def test_what_happened_stands_in_a_log_file_without_any_secret(program: Program, postman: Postman) -> None:
    program.start()
    body = bought(postman.sender, 1)
    postman.deliver(body)
    assert_each_is_followed_once(program, [body])
    assert program.stop() == 0
    with program.journal() as journal:
        (order,) = views.orders(journal)
    logged = program.logged()
    assert "委托 买入 600001.SH" in logged and order["client_order_id"] in logged
    assert re.search(r"Started: .*127\.0\.0\.1", logged) and "Stopped" in logged
    assert secret(1) not in logged + program.text()


@pytest.mark.skipif(sys.platform == "win32", reason="there SO_EXCLUSIVEADDRUSE decides, shown in test_serving")
def test_after_a_kill_the_port_and_the_home_are_free_at_once(program: Program, postman: Postman) -> None:
    bodies: list[bytes] = []
    for number in range(1, 4):
        program.start()
        bodies.append(bought(postman.sender, number))
        postman.deliver(bodies[-1])
        program.kill()
    program.start()
    assert_each_is_followed_once(program, bodies)
