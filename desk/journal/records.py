"""Which record is kept in which table, and how a record becomes a row and a row a record.

A column bears the name of the record's field; the exceptions are reserved words, listed in `_RENAMED`. Codecs and SQL
text are made once, at import, from the records' annotations and the tables; a field without a column is an error here,
not at the first commit.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import Table

from desk.core.batch import CommandResult, RawReport
from desk.core.values import (
    Book,
    BookChange,
    Command,
    EventOutcome,
    Fill,
    Gap,
    Holding,
    Intent,
    JqOrder,
    JqRate,
    Message,
    Order,
    OrderFact,
    Part,
)
from desk.journal import tables
from desk.journal.values import decimal_text, micros, moment, parts_of, parts_text

R = TypeVar("R")
Row = tuple[Any, ...]
_Convert = Callable[[Any], Any] | None  # None: the value is kept as it is

_RENAMED = {"limit": "limit_price", "by": "by_whom"}


def _enum_value(word: StrEnum) -> str:
    return word.value


def _args_text(args: dict[str, str]) -> str:
    return json.dumps(args, ensure_ascii=False, sort_keys=True)


def _converters(annotation: Any) -> tuple[_Convert, _Convert, bool]:
    """(to the column, from the column, may be None) for a field's annotation."""
    if isinstance(annotation, types.UnionType) or get_origin(annotation) is Union:
        (inner,) = (choice for choice in get_args(annotation) if choice is not type(None))
        encode, decode, _ = _converters(inner)
        return encode, decode, True
    if annotation in (str, int):
        return None, None, False
    if annotation is bool:
        return int, bool, False
    if annotation is Decimal:
        return decimal_text, Decimal, False
    if annotation is datetime:
        return micros, moment, False
    if annotation is date:
        return date.isoformat, date.fromisoformat, False
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _enum_value, {member.value: member for member in annotation}.__getitem__, False
    if annotation == tuple[Part, ...]:
        return parts_text, parts_of, False
    if annotation == dict[str, str]:
        return _args_text, json.loads, False
    raise TypeError(f"no column form for {annotation}")


class Codec(Generic[R]):
    """One record type and its table: rows, upsert and select text."""

    def __init__(
        self,
        record: type[R],
        table: Table,
        *,
        key: str | None = None,
        renamed: dict[str, str] | None = None,
        lasting: tuple[str, ...] = (),
    ):
        """`key`: the field that is the table's own numbering, left out when a row is appended.

        `lasting`: indexed columns that a record keeps for life, written once: SQLite moves the entry of an index as
        soon as its column is assigned, be it the same value.
        """
        self.record = record
        self.table = table
        self.lasting = lasting
        names = _RENAMED | (renamed or {})
        hints = get_type_hints(record)
        self._fields: list[tuple[str, _Convert, _Convert, bool]] = []
        self.columns: list[str] = []
        for field in fields(record):  # type: ignore[arg-type]
            encode, decode, optional = _converters(hints[field.name])
            column = names.get(field.name, field.name)
            if column not in table.c or table.c[column].nullable is not optional:
                raise TypeError(f"{table.name} has no fitting column for {record.__name__}.{field.name}")
            self._fields.append((field.name, encode, decode, optional))
            self.columns.append(column)
        self._names = [name for name, *_ in self._fields]
        self._decoded = [(name, decode) for name, _, decode, _ in self._fields if decode is not None]
        self._written = [index for index, (name, *_) in enumerate(self._fields) if name != key]
        self._values = attrgetter(*(self._fields[index][0] for index in self._written))
        encoders = [self._fields[index][1] for index in self._written]
        self._encoded = [(place, encode) for place, encode in enumerate(encoders) if encode is not None]
        self.select = f"SELECT {', '.join(f'{table.name}.{column}' for column in self.columns)} FROM {table.name}"
        written = [self.columns[index] for index in self._written]
        self.insert = f"INSERT INTO {table.name} ({', '.join(written)}) VALUES ({', '.join('?' for _ in written)})"
        primary = [column.name for column in table.primary_key]
        changing = [column for column in written if column not in primary and column not in lasting]
        self.upsert = f"{self.insert} ON CONFLICT ({', '.join(primary)}) DO UPDATE SET " + ", ".join(
            f"{column} = excluded.{column}" for column in changing
        )

    def row(self, record: R) -> Row:
        """The columns to write, in the order of `insert` and `upsert`."""
        out = list(self._values(record))
        for place, encode in self._encoded:
            value = out[place]
            if value is not None:
                out[place] = encode(value)
        return tuple(out)

    def read(self, row: Row) -> R:
        """The record of a row that `select` gave."""
        values = dict(zip(self._names, row, strict=True))
        for name, decode in self._decoded:
            value = values[name]
            if value is not None:
                values[name] = decode(value)
        return self.record(**values)


JQ_ORDER = Codec(JqOrder, tables.jq_orders)
JQ_RATE = Codec(JqRate, tables.jq_rates)
HOLDING = Codec(Holding, tables.holdings)
BOOK = Codec(Book, tables.books)
BOOK_CHANGE = Codec(BookChange, tables.book_changes)
INTENT = Codec(Intent, tables.intents, lasting=("event_id", "day"))
ORDER = Codec(Order, tables.orders, lasting=("intent_id", "event_id", "day", "created_at"))
ORDER_FACT = Codec(OrderFact, tables.order_facts)
FILL = Codec(Fill, tables.fills)
OUTCOME = Codec(EventOutcome, tables.outcomes)
GAP = Codec(Gap, tables.gaps)
MESSAGE = Codec(Message, tables.messages)
REPORT = Codec(RawReport, tables.reports)
COMMAND = Codec(Command, tables.commands, key="row", renamed={"row": "id"})
COMMAND_RESULT = Codec(CommandResult, tables.command_results, renamed={"row": "command"})
