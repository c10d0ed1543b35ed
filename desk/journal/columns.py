"""The shared pieces of the tables: one metadata, the forms of columns, words as SQL text."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, MetaData, Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite's rowid is declared INTEGER; a server needs eight bytes.
BIG = BigInteger().with_variant(Integer, "sqlite")


def listing(values: Iterable[str]) -> str:
    """SQL text of a list of constants; only for words that stand in this code."""
    return ", ".join(f"'{value}'" for value in values)


def numbered() -> Column[int]:
    """The table's own numbering."""
    return Column("id", BIG, primary_key=True, autoincrement=True)


def words(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=nullable)


def whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BIG, nullable=nullable)


def one_of(column: str, known: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({listing(word.value for word in known)})", name=f"{column}_known")
