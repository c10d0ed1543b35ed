"""The access book's file: made, reopened, older, foreign, damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from desk.access import FILE_NAME, AccessBook, AccessUnusable, Hasher, database, tables


def shape(file: Path) -> list[tuple[str, list[str]]]:
    """Tables, indexes and triggers, with the pieces of their SQL in no order."""
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    pieces = {
        name: [piece.strip("()") for piece in "".join(sql.replace('"', "").split()).split(",")] for name, sql in rows
    }
    return sorted((name, sorted(sql)) for name, sql in pieces.items() if name != "alembic_version")


def test_the_migrations_lead_to_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    AccessBook(tmp_path / "made.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    config = Config()
    config.set_main_option("script_location", str(database.SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "made.db")


def test_every_version_is_known(tmp_path: Path) -> None:
    scripts = sorted(path.name[1:5] for path in (database.SCRIPTS / "versions").glob("v*.py"))
    assert tuple(scripts) == database.KNOWN


def test_a_newer_a_foreign_and_a_damaged_file_are_refused_by_name(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    book = AccessBook(newer)
    with book.database.change() as change:
        change.execute(tables.schema_version.update().values(version_num="9999"))
    book.close()
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    folder = tmp_path / "folder.db"
    folder.mkdir()
    for file in (newer, foreign, damaged, folder):
        with pytest.raises(AccessUnusable, match=file.name):
            AccessBook(file)
    assert damaged.read_bytes() == b"no database at all" * 100


def test_a_reopened_book_keeps_its_secret(tmp_path: Path) -> None:
    book = AccessBook(tmp_path / FILE_NAME)
    first = book.secret("cookies", b"one")
    book.close()
    again = AccessBook(tmp_path / FILE_NAME)
    assert again.secret("cookies", b"two") == first == b"one"
    again.close()


def test_a_password_is_kept_as_argon2id_with_a_salt_of_its_own() -> None:
    hasher = Hasher(rounds=1, memory_kib=8)
    one, other = hasher.hash("geheim geheim"), hasher.hash("geheim geheim")
    assert one.startswith("$argon2id$") and one != other
    assert hasher.right("geheim geheim", one) and not hasher.right("Geheim geheim", one)
    assert not hasher.right("", None) and not hasher.right("x", "no hash")


def test_the_tables_are_those_of_the_code(tmp_path: Path) -> None:
    AccessBook(tmp_path / FILE_NAME).close()
    engine = create_engine(f"sqlite:///{tmp_path / FILE_NAME}")
    assert set(inspect(engine).get_table_names()) == set(tables.metadata.tables)
    engine.dispose()


def test_an_older_book_is_brought_up_to_date_with_all_that_it_holds(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(database.SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    old = sqlite3.connect(file)
    columns = "name, folded, role, enabled, password_hash, totp_step, created_at"
    old.execute(f"INSERT INTO users ({columns}) VALUES ('店主', '店主', 'admin', 1, 'x', 0, 0)")
    old.commit()
    old.close()
    for _ in range(2):
        book = AccessBook(file)
        assert [user.name for user in book.users()] == ["店主"]
        with book.database.look() as look:
            assert look.execute(tables.schema_version.select()).scalar() == database.HEAD
            assert look.execute(tables.signed_clients.select()).all() == []
        book.close()
