"""Write down, in order, what SQLite asks of the disk: a layer around its own VFS, registered through its C API.

No compiler is needed: the file methods of SQLite's default VFS are used as they are, four of them with a note beside
them. The layer holds for every connection that the process opens afterwards.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PTR, _INT, _LONG, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p
_OPEN = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _PTR, _INT, _PTR)
_DELETE = ctypes.CFUNCTYPE(_INT, _PTR, _TEXT, _INT)
_CLOSE = ctypes.CFUNCTYPE(_INT, _PTR)
_WRITE = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _PTR, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _PTR, _INT)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 1 to 3."""

    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _PTR),
        ("name", _TEXT),
        ("data", _PTR),
        ("open", _PTR),
        ("delete", _PTR),
        *((f"other{number}", _PTR) for number in range(14)),
    )


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 1 to 3."""

    _fields_ = (
        ("version", _INT),
        ("close", _PTR),
        ("read", _PTR),
        ("write", _PTR),
        ("truncate", _PTR),
        ("sync", _PTR),
        *((f"other{number}", _PTR) for number in range(13)),
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A file came into its folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Gone:
    name: str
    folder_synced: bool


@dataclass(frozen=True, slots=True)
class Wrote:
    name: str
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """What this file was told before is on the disk."""

    name: str


@dataclass(frozen=True, slots=True)
class Promised:
    """The program told somebody outside: `kind` says what, `what` must be found again ever after."""

    kind: str
    what: Any


Entry = Made | Gone | Wrote | Cut | Synced | Promised


class NotRecordable(Exception):
    """Python's SQLite cannot be reached from here."""


class Recorder:
    """Records the files of one folder. Any thread; one for the life of a process."""

    def __init__(self, folder: Path) -> None:
        """Raises NotRecordable."""
        self.log: list[Entry] = []
        self._folder = os.path.join(os.path.realpath(folder), "")
        self._names: dict[int, str] = {}  # by the address of SQLite's file object
        self._kept: list[Any] = []  # whatever C code points to
        self._methods: dict[int, _Methods] = {}  # SQLite's table of file methods -> ours
        try:
            library = _library()
            library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
            real = library.sqlite3_vfs_find(None).contents
        except (OSError, AttributeError, ValueError) as error:
            raise NotRecordable(str(error)) from error
        ours = _Vfs.from_buffer_copy(real)
        ours.name = b"gendan-recording"
        ours.open, ours.delete = self._keep(_OPEN(self._opener(real))), self._keep(_DELETE(self._deleter(real)))
        self._kept += [real, ours]
        library.sqlite3_vfs_register(ctypes.byref(ours), 1)
        self._prove(folder)

    def promise(self, kind: str, what: Any) -> None:
        self.log.append(Promised(kind, what))

    def _prove(self, folder: Path) -> None:
        """Another copy of the library would take our layer and change nothing."""
        trial = folder / "trial.db"
        with closing(sqlite3.connect(trial)) as connection:
            connection.execute("CREATE TABLE t (n)")
        if not any(isinstance(entry, Wrote) for entry in self.log):
            raise NotRecordable("the SQLite of Python's own module is another one")
        trial.unlink()
        self.log.clear()

    def _keep(self, function: Any) -> int | None:
        self._kept.append(function)
        return ctypes.cast(function, _PTR).value

    def _opener(self, real: _Vfs) -> Callable[..., int]:
        do = _OPEN(real.open)
        itself = ctypes.addressof(real)

        def opened(_: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            path = os.path.realpath(os.fsdecode(ctypes.string_at(name))) if name else ""
            ours = path.startswith(self._folder)
            fresh = ours and not os.path.exists(path)
            code = do(itself, name, file, flags, out)
            methods = _PTR.from_address(file)
            if ours and code == 0 and methods.value is not None:
                self._names[file] = path[len(self._folder) :]
                if fresh:
                    self.log.append(Made(self._names[file]))
                methods.value = ctypes.addressof(self._around(methods.value))
            return code

        return opened

    def _deleter(self, real: _Vfs) -> Callable[..., int]:
        do = _DELETE(real.delete)
        itself = ctypes.addressof(real)

        def deleted(_: int, name: bytes, folder_synced: int) -> int:
            path = os.path.realpath(os.fsdecode(name))
            code = do(itself, name, folder_synced)
            if code == 0 and path.startswith(self._folder):
                self.log.append(Gone(path[len(self._folder) :], bool(folder_synced)))
            return code

        return deleted

    def _around(self, real_address: int) -> _Methods:
        """SQLite's table of file methods with notes beside four of them."""
        if real_address in self._methods:
            return self._methods[real_address]
        real = _Methods.from_address(real_address)
        close, write, truncate = _CLOSE(real.close), _WRITE(real.write), _TRUNCATE(real.truncate)

        def closed(file: int) -> int:
            self._names.pop(file, None)
            return close(file)

        def wrote(file: int, content: int, count: int, offset: int) -> int:
            code = write(file, content, count, offset)
            self.log.append(Wrote(self._names[file], offset, ctypes.string_at(content, count)))
            return code

        def cut(file: int, size: int) -> int:
            code = truncate(file, size)
            self.log.append(Cut(self._names[file], size))
            return code

        def synced(file: int, _: int) -> int:
            # The disk itself is not asked: the power it may lose is that of the record.
            self.log.append(Synced(self._names[file]))
            return 0

        ours = _Methods.from_buffer_copy(real)
        ours.close, ours.write = self._keep(_CLOSE(closed)), self._keep(_WRITE(wrote))
        ours.truncate, ours.sync = self._keep(_TRUNCATE(cut)), self._keep(_SYNC(synced))
        self._methods[real_address] = ours
        return ours


def _library() -> ctypes.CDLL:
    """The SQLite that Python's own module uses, whether it is linked into it or stands beside it."""
    places = [getattr(_sqlite3, "__file__", None)]
    if sys.platform == "win32":
        places.insert(0, "sqlite3.dll")
    for place in places:
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(place)
            _ = library.sqlite3_vfs_register
            return library
    raise OSError("no SQLite with a C API was found")
