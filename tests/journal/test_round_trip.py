"""Every record comes back from its table exactly as it went in."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core.values import Part, Reason
from desk.journal import Journal, records
from desk.journal.database import Session, locate
from desk.journal.values import day_bounds, decimal_text, micros, moment, parts_of, parts_text, plain
from tests.journal.making import FixedClock, batch, book, intent, order

CODECS = [value for value in vars(records).values() if isinstance(value, records.Codec)]
_FIRST, _LAST = datetime(1980, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001  # hypothesis wants them naive
MOMENTS = st.datetimes(_FIRST, _LAST).map(lambda at: at.replace(tzinfo=BEIJING))
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
DECIMALS = st.decimals(0, 10**15, allow_nan=False, places=None) | st.decimals(0, 10**9, places=12)
PARTS = st.lists(
    st.builds(Part, shares=st.integers(0, 10**9), reason=st.sampled_from(Reason), text=TEXTS), max_size=3
).map(tuple)
WHOLE = st.integers(1, 2**53)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    if isinstance(annotation, types.UnionType):
        (inner,) = (choice for choice in get_args(annotation) if choice is not type(None))
        return st.none() | values_of(inner)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        int: WHOLE,
        bool: st.booleans(),
        Decimal: DECIMALS,
        datetime: MOMENTS,
        date: st.dates(date(1980, 1, 1)),
        tuple[Part, ...]: PARTS,
        dict[str, str]: st.dictionaries(TEXTS, TEXTS, max_size=3),
    }
    if annotation in simple:
        return simple[annotation]
    assert issubclass(annotation, StrEnum)
    return st.sampled_from(annotation)


def records_of(record: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(record)
    return st.builds(record, **{field.name: values_of(hints[field.name]) for field in fields(record)})


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The real tables, without references between them."""
    file: Path = tmp_path_factory.mktemp("tables") / "j.sqlite3"
    Journal.open(file, clock=FixedClock()).close()
    database = locate(file, read_only=False, busy_timeout_s=1)
    connection = database.connect()
    connection.execute("PRAGMA foreign_keys = OFF")
    yield database.session(connection)
    connection.close()


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.record.__name__)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_record_round_trips(tables: Session, codec: records.Codec[Any], data: st.DataObject) -> None:
    written = data.draw(records_of(codec.record))
    tables.run("BEGIN")
    try:
        tables.run(codec.insert, codec.row(written))
        [row] = tables.rows(codec.select)
        read = codec.read(row)
        if codec is records.COMMAND:  # numbered by the table
            read = replace(read, row=written.row)
        assert read == written
    finally:
        tables.run("ROLLBACK")


@pytest.mark.parametrize("codec", [c for c in CODECS if c.table.primary_key.columns.keys() != ["id"]],
                         ids=lambda codec: codec.record.__name__)  # fmt: skip
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_last_of_a_key_wins(tables: Session, codec: records.Codec[Any], data: st.DataObject) -> None:
    if codec is records.FILL:
        return  # fills are appended only
    first, second = data.draw(records_of(codec.record)), data.draw(records_of(codec.record))
    keys = {column.name for column in codec.table.primary_key}
    same = {name: getattr(first, name) for name in ("row", *keys, *codec.lasting) if hasattr(first, name)}
    if codec is records.ORDER:
        same |= {"filled": first.filled + second.filled, "fills_sum": first.fills_sum + second.fills_sum}
    if codec is records.INTENT:
        same |= {"decided": first.decided, "side": first.side, "symbol": first.symbol}
    second = replace(second, **same)
    tables.run("BEGIN")
    try:
        tables.run(codec.upsert, codec.row(first))
        tables.run(codec.upsert, codec.row(second))
        [row] = tables.rows(codec.select)
        assert codec.read(row) == second
    finally:
        tables.run("ROLLBACK")


@pytest.mark.parametrize(("codec", "moved"), [(records.ORDER, 4), (records.INTENT, 1)])
def test_a_record_that_changes_moves_no_index_entry_that_lasts(
    tables: Session, codec: records.Codec[Any], moved: int
) -> None:
    program = tables.rows(f"EXPLAIN {codec.upsert}", [None] * len(codec.columns))
    assert sum(step[1] == "IdxDelete" for step in program) == moved  # the partial indexes: what is open


def test_every_record_of_a_batch_has_a_table() -> None:
    assert {codec.record.__name__ for codec in CODECS} >= {
        "JqOrder", "JqRate", "Holding", "Book", "BookChange", "Intent", "Order", "OrderFact", "Fill", "EventOutcome",
        "Gap", "Message", "RawReport", "Command", "CommandResult",
    }  # fmt: skip


@given(MOMENTS)
def test_times_keep_their_microseconds(at: datetime) -> None:
    assert moment(micros(at)) == at
    first, last = day_bounds(at.date(), at.date())
    assert first <= micros(at) < last


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2024, 5, 20))  # noqa: DTZ001  # that is the point


@given(DECIMALS)
def test_decimals_keep_every_digit(value: Decimal) -> None:
    assert Decimal(decimal_text(value)) == value
    assert Decimal(plain(value)) == value
    assert "E" not in plain(value) and not plain(value).endswith(".")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1E+2", "100"), ("0.10", "0.1"), ("100", "100"), ("-0.0", "0"), ("1E-7", "0.0000001"), ("-3.50", "-3.5")],
)
def test_numbers_are_shown_without_exponent_or_idle_zeros(value: str, shown: str) -> None:
    assert plain(Decimal(value)) == shown


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_never_stored(value: str) -> None:
    with pytest.raises(ValueError):
        decimal_text(Decimal(value))


@given(PARTS)
def test_parts_round_trip(parts: tuple[Part, ...]) -> None:
    assert parts_of(parts_text(parts)) == parts


@given(shares=st.integers(0, 10**6), entitled=DECIMALS, own=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_committed_is_loaded(journal: Journal, shares: int, entitled: Decimal, own: int) -> None:
    wanted = (intent(given_up=shares), order(shares=shares + 1, attempt=3), book(entitled=entitled, own=own))
    journal.commit(batch(*wanted))
    loaded = journal.load()
    assert (loaded.intents[0], loaded.orders[0], loaded.books[0]) == wanted
