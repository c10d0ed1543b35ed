"""Opening: what is ours is opened, what is old is migrated with a copy kept, everything else is refused in words."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from desk.journal import Journal, JournalUnusable, PositionBook, schema
from desk.journal.columns import metadata
from desk.journal.database import locate
from desk.journal.history import check_history
from desk.journal.migrations import settings, upgrade
from desk.journal.schema import version_of
from tests.journal.making import FixedClock, batch, body, intent
from tests.world import World


@pytest.fixture
def file(tmp_path: Path, clock: FixedClock) -> Path:
    """A journal with one event, closed."""
    path = tmp_path / "j.sqlite3"
    with Journal.open(path, clock=clock) as journal:
        journal.accept(body("a"))
    return path


def run(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


def refused(file: Path | str, clock: FixedClock, *, read_only: bool = False) -> str:
    with pytest.raises(JournalUnusable) as raised:
        Journal.open(file, clock=clock, read_only=read_only, busy_timeout_s=0.05)
    return str(raised.value)


def test_a_folder_and_an_sqlite_url_work_too(tmp_path: Path, clock: FixedClock) -> None:
    with Journal.open(tmp_path, clock=clock) as journal:
        journal.accept(body("a"))
    with Journal.open(f"sqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}", clock=clock) as journal:
        assert len(journal.undecided_events()) == 1


def test_paths_with_blanks_percents_and_chinese_are_fine(tmp_path: Path, clock: FixedClock) -> None:
    place = tmp_path / "我的 数据 100%?#" / "j.sqlite3"
    with Journal.open(place, clock=clock) as journal:
        journal.accept(body("a"))
    assert place.is_file()
    with Journal.open(place, clock=clock, read_only=True) as journal:
        assert len(journal.undecided_events()) == 1


@pytest.mark.usefixtures("on_sqlite")
def test_a_journal_is_in_wal_mode_and_fully_synchronous(journal: Journal) -> None:
    for pragma, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert journal._write(lambda session, name=pragma: session.rows(f"PRAGMA {name}")) == [(expected,)]


def test_reading_a_journal_that_is_not_there_shows_an_empty_book_and_makes_no_file(
    tmp_path: Path, clock: FixedClock
) -> None:
    with Journal.open(tmp_path / "none.sqlite3", clock=clock, read_only=True) as journal:
        assert journal.load().orders == () and journal.undecided_events() == []
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, clock: FixedClock) -> None:
    text = tmp_path / "j.sqlite3"
    text.write_bytes(b"my diary, not a database at all " * 100)
    assert "不是跟单账本" in refused(text, clock)
    assert text.read_bytes().startswith(b"my diary")


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, clock: FixedClock) -> None:
    other = tmp_path / "j.sqlite3"
    run(other, "CREATE TABLE photos (n)")
    before = other.read_bytes()
    assert "不是跟单账本" in refused(other, clock)
    assert other.read_bytes() == before


def test_a_damaged_file_is_refused(file: Path, clock: FixedClock) -> None:
    content = bytearray(file.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 2048] = b"\xa5" * 2048
    file.write_bytes(bytes(content))
    assert "损坏" in refused(file, clock)


def test_a_newer_journal_is_refused(file: Path, clock: FixedClock) -> None:
    run(file, "UPDATE alembic_version SET version_num = '9999'")
    for read_only in (False, True):
        assert "更新的程序" in refused(file, clock, read_only=read_only)


def test_a_locked_journal_is_refused(file: Path, clock: FixedClock) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "锁住" in refused(file, clock)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert "打不开" in refused(tmp_path / "file" / "data" / "j.sqlite3", clock)


@pytest.mark.parametrize("url", ["mysql+pymysql://u:secret@host/db", "mariadb://u:secret@host/db", "oracle://h/x"])
def test_a_database_that_cannot_keep_the_constraints_is_refused_without_its_password(
    url: str, clock: FixedClock
) -> None:
    said = refused(url, clock)
    assert "条件唯一索引" in said and "secret" not in said


def test_a_url_that_is_none_is_refused(clock: FixedClock) -> None:
    assert "账本不可用" in refused("postgresql://u:pw@:not a port/x", clock)


def test_known_versions_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory.from_config(settings(schema.SCRIPTS))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.KNOWN


def test_the_scripts_make_the_same_tables_as_the_metadata(tmp_path: Path, clock: FixedClock) -> None:
    fresh, migrated = tmp_path / "fresh.sqlite3", tmp_path / "migrated.sqlite3"
    Journal.open(fresh, clock=clock).close()
    with locate(migrated, read_only=False, busy_timeout_s=1).ddl() as engine:
        upgrade(engine, scripts=schema.SCRIPTS, target="head")
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": "alembic_version"})
            assert compare_metadata(context, metadata) == []

    def shape(file: Path) -> dict[object, list[str]]:
        found = run(file, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND sql IS NOT NULL")
        # The constraints of a table may stand in another order.
        return {name: sorted(re.findall(r"[\w'<>=.]+|[()]", str(sql))) for name, sql in found}

    made, wanted = shape(migrated), shape(fresh)
    assert made.pop("alembic_version") and wanted.pop("alembic_version")
    assert made == wanted
    with Journal.open(migrated, clock=clock) as journal:
        assert journal.accept(body("a")).status == "accepted"


_NEXT = '''
"""A later version."""
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("colour", sa.Text(), nullable=False, server_default="green"))
    {more}
'''


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Pretend that the program knows a version 0005, its scripts in an awkward path."""
    scripts = tmp_path / "升级 100%" / "migrations"
    shutil.copytree(schema.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    script = scripts / "versions" / "v0005_later.py"
    script.write_text(_NEXT.format(more=""), encoding="utf-8")
    monkeypatch.setattr(schema, "SCRIPTS", scripts)
    monkeypatch.setattr(schema, "KNOWN", (*schema.KNOWN, "0005"))
    monkeypatch.setattr(schema, "HEAD", "0005")
    yield script


def test_an_older_journal_is_migrated_and_a_copy_of_it_kept(file: Path, later: Path, clock: FixedClock) -> None:
    with Journal.open(file, clock=clock) as journal:
        assert len(journal.undecided_events()) == 1
        journal.commit(batch(intent()))
    assert run(file, "SELECT version_num FROM alembic_version") == [("0005",)]
    [kept] = file.parent.glob("j.sqlite3.before-migration-*")
    assert kept.name.endswith("20240520-100000")
    assert run(kept, "SELECT version_num FROM alembic_version") == [("0004",)]
    assert run(kept, "SELECT COUNT(*) FROM events") == [(1,)]


def content_of(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the version's, and the triggers."""
    named = [str(name) for (name,) in run(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {
        name: ", ".join(str(column[1]) for column in run(file, f"PRAGMA table_info({name})") if column[1] != "colour")
        for name in named
        if name != "alembic_version" and not name.startswith("sqlite_")
    }
    found = {name: run(file, f"SELECT {listed} FROM {name}") for name, listed in columns.items()}
    return found | {"triggers": run(file, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")}


def test_a_traded_day_comes_through_a_migration_row_by_row(
    tmp_path: Path, request: pytest.FixtureRequest, clock: FixedClock
) -> None:
    world = World(tmp_path)
    world.order("1", "000001.XSHE", "buy", 1000)
    world.pass_time(10)
    world.order("2", "000002.XSHE", "buy", 500, status="open", limit="1.00")
    world.close()
    day = tmp_path / "journal.db"
    before = content_of(day)
    assert before["fills"] and before["orders"] and before["book_changes"] and before["triggers"]
    request.getfixturevalue("later")
    with Journal.open(day, clock=clock) as journal:
        assert check_history(journal) == []
        assert journal.load().orders
    assert content_of(day) == before
    [kept] = tmp_path.glob("journal.db.before-migration-*")
    assert content_of(kept) == before


def test_a_migration_that_fails_changes_nothing(file: Path, later: Path, clock: FixedClock) -> None:
    later.write_text(_NEXT.format(more='op.execute("INSERT INTO nowhere VALUES (1)")'), encoding="utf-8")
    refused(file, clock)
    assert run(file, "SELECT version_num FROM alembic_version") == [("0004",)]
    assert "colour" not in str(run(file, "SELECT sql FROM sqlite_master WHERE name = 'orders'"))


def test_an_older_journal_is_not_opened_for_reading(file: Path, later: Path, clock: FixedClock) -> None:
    assert "升级" in refused(file, clock, read_only=True)
    assert run(file, "SELECT version_num FROM alembic_version") == [("0004",)]


def test_two_that_create_the_journal_at_once_agree(tmp_path: Path, clock: FixedClock) -> None:
    database = locate(tmp_path / "j.sqlite3", read_only=False, busy_timeout_s=1)
    schema.create(database)
    schema.create(database)
    assert version_of(database) == schema.HEAD


def test_opening_a_journal_of_today_does_not_load_alembic(file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from desk.journal import Journal; from desk.clock import SystemClock\n"
        f"Journal.open(Path({str(file)!r}), clock=SystemClock()).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_every_table_can_be_made_on_a_server() -> None:
    """The metadata compiles for PostgreSQL too, and so do the guards."""
    from desk.journal import guards

    made: list[str] = []

    def note(sql: object, *_: object, **__: object) -> None:
        made.append(str(sql.compile(dialect=engine.dialect)))  # type: ignore[attr-defined]

    from sqlalchemy import create_mock_engine

    engine = create_mock_engine("postgresql+psycopg://", note)
    metadata.create_all(engine, checkfirst=False)
    assert sum("CREATE TABLE" in sql for sql in made) == len(metadata.tables)
    assert any("UNIQUE INDEX uq_orders_one_open" in sql and "WHERE" in sql for sql in made)
    assert len(guards.statements("postgresql")) == len(guards.GUARDS) + 1


def test_an_engine_is_not_needed_to_read_the_metadata() -> None:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    engine.dispose()


def test_a_journal_of_the_first_version_gets_the_tables_of_the_position_sync(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "j.sqlite3"
    with locate(file, read_only=False, busy_timeout_s=1).ddl() as engine:
        upgrade(engine, scripts=schema.SCRIPTS, target="0001")
    with Journal.open(file, clock=clock) as journal:
        assert PositionBook(journal).targets() == []
    assert run(file, "SELECT version_num FROM alembic_version") == [("0004",)]
