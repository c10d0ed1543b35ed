"""Keeps things: tables as CSV files that Excel opens, backups of the journal, and putting one back."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from desk.cli import facts
from desk.cli.exits import ALREADY_RUNNING, CONFIG, Leave
from desk.cli.home import CONSOLE, PAPER, RECEIVER, TRADER, Home
from desk.clock import SystemClock
from desk.core.config import Config
from desk.journal import FILE_NAME, Journal, restore, views
from desk.journal.view_rows import rows as journal_rows
from desk.texts import cli as texts
from desk.texts.labels import money
from desk.texts.system import because

Row = Mapping[str, Any]

FOLDERS = {
    "events": "原始数据",
    "signals": "原始数据",
    "summary": "摘要数据",
    "orders": "下单股票池",
    "fills": "下单股票池",
    "positions": "持股数据",
    "books": "持股数据",
    "book_changes": "持股数据",
    "accounts": "账户数据",
}
_BACKUPS = "备份"
_ALL = (RECEIVER, TRADER, CONSOLE)
_NO_DAYS = ("positions", "books", "accounts", "summary")  # given as they stand now
_DAY_OF = ("received_at", "created_at", "at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def tables(wanted: str) -> list[str]:
    """The tables that a word means: a table, a folder's name, or `all`. Raises Leave."""
    if wanted in FOLDERS:
        return [wanted]
    found = [name for name, folder in FOLDERS.items() if wanted in (folder, "all")]
    if not found:
        raise Leave(CONFIG, texts.unknown_table(wanted, [*FOLDERS, "all"]))
    return found


def export(home: Path, wanted: str, day_from: date | None, day_to: date | None, out: Path | None) -> list[Path]:
    """Write tables as CSV: one file a day under data/, or everything into `out`; the files written."""
    place = Home(home)
    config = place.config()
    clock = SystemClock()
    names = tables(wanted)
    if out is not None and len(names) > 1:
        raise Leave(CONFIG, texts.ONE_TABLE_FOR_OUT)
    written: list[Path] = []
    with place.look(config, clock) as journal:
        for name in names:
            rows = _rows(journal, config, name, day_from, day_to)
            if out is not None:
                _write(out, rows)
                written.append(out)
            else:
                written += _write_daily(place.data / FOLDERS[name], name, rows, clock.now())
    return written


def _rows(journal: Journal, config: Config, name: str, day_from: date | None, day_to: date | None) -> Iterable[Row]:
    if name == "positions":
        return views.positions(journal)
    if name == "accounts":
        return facts.accounts(journal)
    if name == "summary":
        return _summary(journal, config, day_to or journal.clock.now().date())
    return journal_rows(journal, name, day_from, day_to)


def _summary(journal: Journal, config: Config, day: date) -> list[Row]:
    told = facts.summary(journal, config, at=journal.clock.now(), day=day)
    return [
        {
            "day": day.isoformat(),
            "strategy": line.name,
            "mode": line.mode.value,
            "signals": line.signals,
            "orders": line.orders,
            "bought": money(line.bought).replace(",", ""),
            "sold": money(line.sold).replace(",", ""),
            "fees": money(line.fees).replace(",", ""),
        }
        for line in told.strategies
    ]


def _write_daily(folder: Path, name: str, rows: Iterable[Row], now: datetime) -> list[Path]:
    """One file for each day that the rows speak of; a file of the same day is replaced."""
    today = now.date().isoformat()
    by_day: dict[str, list[Row]] = {}
    for row in rows:
        stamp = next((row[key] for key in _DAY_OF if row.get(key)), None) if name not in _NO_DAYS else None
        by_day.setdefault(str(stamp)[:10] if stamp else today, []).append(row)
    written = []
    for day, some in sorted(by_day.items()):
        path = folder / f"{name}_{day}.csv"
        _write(path, some)
        written.append(path)
    return written


def _write(path: Path, rows: Iterable[Row]) -> None:
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # utf-8-sig: Excel takes a file without the mark for GBK.
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            _write_rows(file, iter(rows))
        draft.replace(path)
    except OSError as error:
        raise Leave(CONFIG, texts.cannot_write_table(path, because(error))) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _write_rows(file: TextIO, rows: Iterator[Row]) -> None:
    first = next(rows, None)
    if first is None:
        return
    writer = csv.writer(file)
    writer.writerow(first)
    writer.writerow([cell(value) for value in first.values()])
    for row in rows:
        writer.writerow([cell(row.get(key)) for key in first])


def cell(value: object) -> object:
    """A value as a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        value = " ".join(str(item) for item in value)
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    digits = text[1:] if text[:1] in "+-" else text
    return digits.replace(".", "", 1).isdecimal()


# --- backups ----------------------------------------------------------------------------------------------------------


def backup(home: Path, out: Path | None) -> tuple[Path, int]:
    """Copy the journal and the paper accounts' stores, also while a daemon uses them; the copy, and how many stores.

    Raises JournalError, Leave.
    """
    place = Home(home)
    config = place.config()
    clock = SystemClock()
    if not config.database and not (place.data / FILE_NAME).exists():
        raise Leave(CONFIG, texts.NOTHING_TO_BACK_UP)
    target = out or place.data / _BACKUPS / f"journal-{clock.now():%Y%m%d-%H%M%S}.sqlite3"
    if _in_use(place, target):
        raise Leave(CONFIG, texts.backup_over(target))
    stores = sorted((place.data / PAPER).glob("*.db"))
    with place.look(config, clock) as journal, _bar(texts.BACKING_UP) as bar:
        journal.backup(
            target,
            lambda done, total: _show(bar, done, total),
            beside=[(store, _stores_beside(target) / store.name) for store in stores],
        )
    return target, len(stores)


def _in_use(place: Home, target: Path) -> bool:
    """Whether a copy of this name would replace a file that the program has open, and take its later rows with it."""
    data, where = place.data.resolve(), target.resolve().parent
    return target.exists() and where.is_relative_to(data) and where != data / _BACKUPS


def put_back(home: Path, source: Path) -> tuple[Path | None, int]:
    """Replace the journal, and the paper accounts' stores that were copied with it, by a backup.

    The journal's replaced file, and how many stores. Raises JournalUnusable, Leave.
    """
    place = Home(home)
    config = place.config()
    if config.database:
        raise Leave(CONFIG, texts.RESTORE_NOT_SQLITE)
    if any(map(place.runs, _ALL)):
        raise Leave(ALREADY_RUNNING, texts.RESTORE_WHILE_RUNNING)
    stores = sorted(_stores_beside(source).glob("*.db"))
    with place.hold(_ALL):
        kept = restore(
            source,
            place.data / FILE_NAME,
            clock=SystemClock(),
            beside=[(store, place.data / PAPER / store.name) for store in stores],
        )
    return kept, len(stores)


def _stores_beside(backup: Path) -> Path:
    """The folder that holds the paper accounts' stores of a backup."""
    return backup.with_name(f"{backup.name}.{PAPER}")


@contextmanager
def _bar(text: str) -> Iterator[Any]:
    with tqdm(desc=text, file=sys.stderr, unit="页", leave=False, disable=None) as bar:
        yield bar


def _show(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
