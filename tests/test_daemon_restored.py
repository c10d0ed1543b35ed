"""The real program after a restore: with its exchange's book put back beside it, and beside a book that went on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import main
from desk.journal import view_books, views
from desk.journal.history import check_history
from tests.stand_in.programs import Postman, Program, bought, id_of, make_home, sender, until


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path, port=make_home(tmp_path)) as program:
        yield program


@pytest.fixture
def postman(program: Program) -> Iterator[Postman]:
    postman = Postman(program.port, sender())
    yield postman
    postman.close()


def verdicts(program: Program) -> dict[str, str]:
    with program.journal() as journal:
        return {view["id"]: view["verdict"] for view in views.signals(journal)}


def shares(program: Program) -> tuple[dict[str, int], dict[str, int]]:
    """What the exchange says that the account holds, and what the books own."""
    with program.journal() as journal:
        held = {position["symbol"]: position["shares"] for position in views.positions(journal)}
        return held, {book["symbol"]: book["own_shares"] for book in view_books.books(journal) if book["own_shares"]}


def followed(program: Program, postman: Postman, number: int) -> bytes:
    body = bought(postman.sender, number)
    postman.deliver(body)
    until(lambda: verdicts(program).get(id_of(body)) == "done", lambda: verdicts(program))
    return body


def verb(program: Program, *words: str) -> int:
    return main.main([*words, "--home", str(program.home)])


def backed_up_and_lived_on(program: Program, postman: Postman) -> tuple[Path, bytes]:
    """A backup taken beside the running program, and the body of a buy that came after it; the program has stopped."""
    program.start()
    followed(program, postman, 1)
    copy = program.home / "kept" / "copy.sqlite3"
    assert verb(program, "backup", "--out", str(copy)) == 0
    later = followed(program, postman, 2)
    assert program.stop() == 0
    assert [path.name for path in (copy.parent / "copy.sqlite3.paper").iterdir()] == ["甲.db"]
    return copy, later


def test_a_restored_home_goes_on_as_it_was_when_it_was_copied(program: Program, postman: Postman) -> None:
    copy, later = backed_up_and_lived_on(program, postman)
    assert verb(program, "restore", str(copy), "--yes") == 0
    assert list((program.home / "data" / "paper").glob("甲.db.replaced-*"))
    program.start()
    until(lambda: shares(program) == ({"600001.SH": 100},) * 2, lambda: shares(program))
    assert id_of(later) not in verdicts(program)
    followed(program, postman, 3)
    wanted = {"600001.SH": 100, "600003.SH": 100}
    until(lambda: shares(program) == (wanted, wanted), lambda: shares(program))
    assert program.stop() == 0
    with program.journal() as journal:
        assert check_history(journal) == []


def test_an_older_journal_beside_a_book_that_went_on_sends_nothing_and_halts(
    program: Program, postman: Postman
) -> None:
    copy, later = backed_up_and_lived_on(program, postman)
    shutil.rmtree(copy.parent / "copy.sqlite3.paper")
    assert verb(program, "restore", str(copy), "--yes") == 0
    program.start()
    until(lambda: "发现不认识的委托" in titles(program), lambda: titles(program))
    postman.deliver(later)
    until(lambda: verdicts(program).get(id_of(later)) == "refused", lambda: verdicts(program))
    held, owned = shares(program)
    assert (held, owned) == ({"600001.SH": 100, "600002.SH": 100}, {"600001.SH": 100})
    assert program.stop() == 0


def titles(program: Program) -> list[str]:
    with program.journal() as journal:
        return [told.message.title for told in journal.outbox_list(100)]
