"""What a disk may hold after the power went: all that was synced, and of the rest whatever chance has kept."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.journal.recording import Cut, Entry, Gone, Made, Promised, Synced, Wrote

SECTOR = 512


@dataclass(slots=True)
class _File:
    """A file on the disk; its name is a matter of the folder."""

    safe: bytearray = field(default_factory=bytearray)
    waiting: list[Wrote | Cut] = field(default_factory=list)


@dataclass(slots=True)
class Disk:
    """Follows a record of what a program asked of its disk.

    A sync makes safe what its file was told before it. A folder's changes become safe, in their order, with the first
    sync of a fresh WAL or rollback journal, which SQLite has its folder synced with, and with a delete that asks so.
    """

    names: dict[str, _File] = field(default_factory=dict)  # as the folder is for sure
    told: list[tuple[str, _File | None]] = field(default_factory=list)  # changes of the folder that wait; None: gone
    fresh: set[str] = field(default_factory=set)
    fates: Counter[str] = field(default_factory=Counter)

    def follow(self, entry: Entry) -> None:
        match entry:
            case Made(name):
                self.told.append((name, _File()))
                self.fresh.add(name)
            case Gone(name, folder_synced):
                self.told.append((name, None))
                if folder_synced:
                    self._sync_folder()
            case Wrote(name) | Cut(name):
                self._now(name).waiting.append(entry)
            case Synced(name):
                file = self._now(name)
                for done in file.waiting:
                    _apply(file.safe, done)
                file.waiting.clear()
                if name in self.fresh and name.endswith(("-wal", "-journal")):
                    self._sync_folder()
                self.fresh.discard(name)
            case Promised():
                pass

    def lose_power(self, chance: random.Random, folder: Path) -> None:
        """Write into `folder` one of the states that the disk may be found in."""
        names = dict(self.names)
        for name, file in self.told[: chance.randint(0, len(self.told))]:
            _change(names, name, file)
        folder.mkdir(parents=True)
        for name, kept in names.items():
            (folder / name).write_bytes(self._found(kept, chance))

    def _found(self, file: _File, chance: random.Random) -> bytes:
        found = bytearray(file.safe)
        # Some power losses take all that waited, some nothing: between them chance decides write by write.
        lucky = chance.choice([0.0, 0.2, 0.5, 0.8, 0.95, 1.0])
        for waiting in file.waiting:
            if chance.random() < lucky:
                self.fates["kept"] += 1
                _apply(found, waiting)
            elif isinstance(waiting, Cut) or chance.random() < 0.5:
                self.fates["dropped"] += 1
            else:
                self.fates["torn"] += 1
                for sector in _sectors(waiting):
                    if chance.random() < 0.5:
                        _apply(found, sector)
        return bytes(found)

    def _now(self, name: str) -> _File:
        """The file that a program finds under this name."""
        for told, file in reversed(self.told):
            if told == name:
                assert file is not None
                return file
        return self.names[name]

    def _sync_folder(self) -> None:
        for name, file in self.told:
            _change(self.names, name, file)
        self.told.clear()


def _change(names: dict[str, _File], name: str, file: _File | None) -> None:
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def _apply(content: bytearray, done: Wrote | Cut) -> None:
    if isinstance(done, Cut):
        del content[done.size :]
        return
    if len(content) < done.offset:
        content.extend(bytes(done.offset - len(content)))
    content[done.offset : done.offset + len(done.content)] = done.content


def _sectors(write: Wrote) -> Iterator[Wrote]:
    """A write in the pieces that a disk writes whole."""
    start, end = write.offset, write.offset + len(write.content)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Wrote(write.name, start, write.content[start - write.offset : stop - write.offset])
        start = stop


def losses(log: list[Entry], count: int, chance: random.Random, folder: Path) -> Iterator[tuple[int, Path, Disk]]:
    """`count` power losses at random points of a record: how far it went, and the folder as it is found."""
    cuts = sorted(chance.randint(1, len(log)) for _ in range(count))
    disk, done = Disk(), 0
    for number, cut in enumerate(cuts):
        for entry in log[done:cut]:
            disk.follow(entry)
        done = cut
        place = folder / f"{number:04d}-at-{cut}"
        disk.lose_power(chance, place)
        yield cut, place, disk


def promises(log: Iterable[Entry], kind: str) -> list[Promised]:
    return [entry for entry in log if isinstance(entry, Promised) and entry.kind == kind]
