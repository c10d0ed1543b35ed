"""The power goes while the real receiver, Trader and journal work: what was acknowledged, decided or sent is found.

`GENDAN_LONG=1 python -m pytest -m long tests/journal/test_power.py -s` loses power 300 times and prints what it saw.
"""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from desk.journal import Journal, JournalError
from desk.journal.history import check_history
from tests.journal import power_day
from tests.journal.making import FixedClock, body, signal
from tests.journal.power_loss import losses, promises
from tests.journal.recording import Entry, Synced, Wrote

ROOT = Path(__file__).parents[2]
FEW, MANY = 20, 300
KEYS = {"orders": "client_order_id", "fills": "fill_id", "outcomes": "event_id", "messages": "key"}


def record_of_a_day(folder: Path, synchronous: str, *, rounds: int, bodies: int) -> list[Entry]:
    """What the disk of a process was asked that lived such a day."""
    (folder / "day").mkdir()
    record = folder / "record"
    words = [str(folder / "day"), str(record), synchronous, str(rounds), str(bodies)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.journal.power_day", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == power_day.NOT_RECORDABLE:
        pytest.skip(f"the disk of this Python's SQLite cannot be recorded: {done.stdout.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    log: list[Entry] = pickle.loads(record.read_bytes())
    return log


@dataclass
class Found:
    """What the journals of many power losses were like."""

    losses: int = 0
    acknowledged: int = 0
    lost: int = 0  # power losses after which something promised is gone
    broken: int = 0  # power losses after which the journal cannot be used or does not agree with itself
    what: list[str] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.lost} of {self.losses} power losses lose something promised, {self.broken} leave a broken journal "
            f"({self.acknowledged} acknowledgements looked for; unsynced writes {dict(self.fates)})"
        )


def judge(log: list[Entry], count: int, seed: int, folder: Path) -> Found:
    found = Found()
    for cut, place, disk in losses(log, count, random.Random(seed), folder):
        told = log[:cut]
        found.losses += 1
        found.acknowledged += len(promises(told, "acknowledged"))
        found.fates = disk.fates
        try:
            missing, problems = look(place, told)
        except JournalError as error:
            missing, problems = [], [str(error)]
        found.lost += bool(missing)
        found.broken += bool(problems)
        found.what += [f"{place.name}: {line}" for line in missing + problems]
    return found


def look(folder: Path, told: list[Entry]) -> tuple[list[str], list[str]]:
    """Open a journal after a power loss as the next start does: what is missing, and what is wrong."""
    with Journal.open(folder / "journal.db", clock=FixedClock()) as journal:
        missing = [*lost_events(journal, told), *lost_commits(journal, told)]
        with journal.look() as look:
            sound = look.rows("PRAGMA integrity_check")
        problems = [] if sound == [("ok",)] else [str(sound)]
        problems += check_history(journal)
        problems += goes_on(journal)
    return missing, problems


def rows(journal: Journal, sql: str) -> list[tuple[Any, ...]]:
    with journal.look() as look:
        return look.rows(sql)


def lost_events(journal: Journal, told: list[Entry]) -> list[str]:
    stored = Counter(event_id for (event_id,) in rows(journal, "SELECT event_id FROM events"))
    return [
        f"event {promise.what} is there {stored[promise.what]} times"
        for promise in promises(told, "acknowledged")
        if stored[promise.what] != 1
    ]


def lost_commits(journal: Journal, told: list[Entry]) -> list[str]:
    """What the Trader had committed or sent that the journal does not know, or knows otherwise."""
    intents = {key: tuple(row) for key, *row in rows(journal, "SELECT intent_id, decided, side, symbol FROM intents")}
    stored = {what: {key for (key,) in rows(journal, f"SELECT {column} FROM {what}")} for what, column in KEYS.items()}
    lost = []
    for promise in promises(told, "committed"):
        batch = promise.what
        lost += [f"intent {key}" for key, decided in batch["intents"].items() if intents.get(key) != decided]
        lost += [f"{what} {key}" for what, keys in stored.items() for key in batch[what] if key not in keys]
    return lost + [f"{p.what}, which was sent" for p in promises(told, "sent") if p.what not in stored["orders"]]


def goes_on(journal: Journal) -> list[str]:
    """A journal that was found again takes a new body once."""
    new = body("after the power came back", signal(99))
    answers = [journal.accept(new).status, journal.accept(new).status]
    return [] if answers == ["accepted", "duplicate"] else [f"a new body was answered {answers}"]


def assert_nothing_is_lost(found: Found) -> None:
    assert (found.lost, found.broken) == (0, 0), "\n".join([str(found), *found.what[:20]])


def test_nothing_acknowledged_decided_or_sent_is_lost_with_the_power(tmp_path: Path) -> None:
    log = record_of_a_day(tmp_path, "FULL", rounds=2, bodies=8)
    found = judge(log, FEW, 1, tmp_path / "found")
    assert_nothing_is_lost(found)
    assert found.acknowledged > FEW and min(found.fates[fate] for fate in ("kept", "dropped", "torn")) > 0


def test_the_method_sees_what_a_journal_that_syncs_less_loses(tmp_path: Path) -> None:
    log = record_of_a_day(tmp_path, "NORMAL", rounds=1, bodies=12)
    found = judge(log, 3 * FEW, 2, tmp_path / "found")
    assert found.lost > FEW // 10, str(found)  # some half of them; how commits fall together is the threads' affair


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_three_hundred_power_losses(tmp_path: Path) -> None:
    for synchronous in ("FULL", "NORMAL", "OFF"):
        folder = tmp_path / synchronous
        folder.mkdir()
        log = record_of_a_day(folder, synchronous, rounds=3, bodies=40)
        written = sum(len(entry.content) for entry in log if isinstance(entry, Wrote))
        found = judge(log, MANY, 3, folder / "found")
        syncs = sum(isinstance(entry, Synced) and entry.name.endswith("-wal") for entry in log)
        commits = len(promises(log, "acknowledged")) + len(promises(log, "committed"))
        print(f"synchronous={synchronous}: {found}; {commits} commits, {syncs} syncs, {written >> 20} MB written")
        if synchronous == "FULL":
            assert_nothing_is_lost(found)
        else:
            assert found.lost + found.broken > MANY // 4
