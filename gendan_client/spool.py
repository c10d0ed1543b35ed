"""What is to be sent, in a folder: written and synced before it is sent, taken out when its answer is verified.

One file for each message, its bytes as they are posted (encrypted), in the order of their numbers. A sender has the
folder for itself. What the receiver has refused is moved to `refused/`, never deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Sequence

from gendan_client.errors import SpoolInUse

EVENTS, TARGET = "events", "target"
_FILE = re.compile(r"(\d{12})-([0-9a-f]{32})\.json", re.ASCII)
_FORM = 1


@dataclass(frozen=True)
class Message:
    """`last_seq`: the highest sequence number in it, 0 for none. `about`: the strategy of a target."""

    kind: str  # events, target
    id: str  # hex of its first body id
    content: str  # the body's bytes, ASCII
    words: str  # for a person
    last_seq: int = 0
    about: str = ""
    number: int = field(default=0, compare=False)

    @property
    def file_name(self) -> str:
        return f"{self.number:012d}-{self.id}.json"


class Spool:
    """Thread-safe; one per folder, over processes too (SpoolInUse). Call `close` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._held = _hold(self._folder / "lock")
        self._guard = threading.RLock()
        for half in self._folder.glob("*.part"):
            half.unlink()  # its `add` never came back, so nobody counts on it
        self._messages: dict[str, Message] = {}
        self.damaged: list[Path] = []
        for path in sorted(self._folder.glob("*.json")):
            self._load(path)
        self._number = max((m.number for m in self._messages.values()), default=0)
        self._number = max([self._number, *(_number_of(path) for path in self.damaged)])
        top = max((m.last_seq for m in self._messages.values()), default=0)
        self._next_seq = max(self._kept_seq(), top + 1)

    def _load(self, path: Path) -> None:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("form") != _FORM or _FILE.fullmatch(path.name) is None:
                raise ValueError(path.name)
            message = Message(number=_number_of(path), **data)
            if not all(isinstance(one, str) for one in (message.content, message.words, message.about, message.id)):
                raise ValueError(path.name)
            if message.kind not in (EVENTS, TARGET) or type(message.last_seq) is not int:
                raise ValueError(path.name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.damaged.append(path)
        else:
            self._messages[message.id] = message

    def close(self) -> None:
        self._held.close()

    # --- what waits ---------------------------------------------------------------------------------------------------

    def messages(self) -> tuple[Message, ...]:
        """Oldest first."""
        with self._guard:
            return tuple(sorted(self._messages.values(), key=lambda message: message.number))

    def add(self, messages: Sequence[Message], next_seq: int) -> tuple[Message, ...]:
        """Write all or none, durably; `next_seq` is the sequence number that comes after them.

        Raises OSError: nothing is spooled.
        """
        with self._guard:
            numbered = [replace(one, number=self._number + place) for place, one in enumerate(messages, start=1)]
            halves = [self._folder / (message.file_name + ".part") for message in numbered]
            whole = [self._folder / message.file_name for message in numbered]
            try:
                for half, message in zip(halves, numbered):
                    _write(half, json.dumps({"form": _FORM, **_fields(message)}, ensure_ascii=False))
                # First: a number spent twice is worse than one that is never used.
                self._keep_seq(next_seq)
                for half, path in zip(halves, whole):
                    os.replace(str(half), str(path))
                _sync(self._folder)
            except OSError:
                for path in halves + whole:
                    with suppress(OSError):
                        _remove(path)
                raise
            self._messages.update({message.id: message for message in numbered})
            self._number += len(numbered)
            self._next_seq = max(self._next_seq, next_seq)
            return tuple(numbered)

    def take_out(self, message: Message) -> None:
        """Its verified answer is here, or a newer list has taken its place."""
        with self._guard:
            if self._messages.pop(message.id, None) is not None:
                # Where another program holds the file, it is sent again after a restart, and counts once.
                with suppress(OSError):
                    _remove(self._folder / message.file_name)

    def set_aside(self, message: Message) -> Path:
        """Keep it for a person, in `refused/`; it is not sent any more."""
        with self._guard:
            path = self._folder / "refused" / message.file_name
            if self._messages.pop(message.id, None) is not None:
                with suppress(OSError):  # as in `take_out`
                    path.parent.mkdir(exist_ok=True, mode=0o700)
                    os.replace(str(self._folder / message.file_name), str(path))
            return path

    # --- the sequence -------------------------------------------------------------------------------------------------

    @property
    def next_seq(self) -> int:
        return self._next_seq

    def raise_seq(self, next_seq: int) -> None:
        """Go on from here, if it is ahead."""
        with self._guard:
            if next_seq <= self._next_seq:
                return
            # The next `add` writes it too, and fails loudly.
            with suppress(OSError):
                self._keep_seq(next_seq)
            self._next_seq = next_seq

    def _keep_seq(self, next_seq: int) -> None:
        if next_seq > self._next_seq or not (self._folder / "sequence").exists():
            half = self._folder / "sequence.part"
            _write(half, str(max(next_seq, self._next_seq)))
            os.replace(str(half), str(self._folder / "sequence"))

    def _kept_seq(self) -> int:
        try:
            text = (self._folder / "sequence").read_text(encoding="ascii").strip()
            return int(text) if text.isdigit() else 1
        except (OSError, ValueError):
            return 1  # the receiver's next acknowledgement says where it stood


def _fields(message: Message) -> dict[str, object]:
    fields = asdict(message)
    del fields["number"]
    return fields


def _number_of(path: Path) -> int:
    found = _FILE.fullmatch(path.name)
    return int(found.group(1)) if found else 0


def _write(path: Path, text: str) -> None:
    """Write and sync, for the owner alone."""
    number = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _sync(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; NTFS journals its names
        return
    number = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _hold(path: Path) -> IO[bytes]:
    """Lock the folder for as long as the file is open; the system lets go when the process ends, however it ends."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise SpoolInUse(f"另一个发送程序正在用这个文件夹：{path.parent}") from None
    return file
