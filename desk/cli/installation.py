"""What of a terminal is installed on this PC, seen without importing or starting any of it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desk.core.config import AccountConfig
from desk.texts import installation as texts
from desk.texts.system import because

Run = Callable[[Sequence[str]], tuple[int, str]]

PROCESS = "XtMiniQmt.exe"
_NATIVE = re.compile(r"xtpythonclient\.cp3(\d+)-(\w+)\.pyd", re.IGNORECASE)
_VERSION = re.compile(r"""^__version__\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_FAKED = "xtquant.xtpythonclient"
_TRACES = ("log", "users", "datadir", "quoter")  # folders that a terminal leaves after its first log-on
_QUEUES = ("up_queue", "down_queue")


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """A folder with xtquant in it."""

    folder: Path
    version: str
    minors: tuple[int, ...]  # n of every Python 3.n that it has a native module for
    simulated: bool = False  # its native part is played in this process

    @property
    def fits(self) -> bool:
        return self.simulated or (sys.platform == "win32" and sys.version_info.minor in self.minors)

    @property
    def pythons(self) -> list[str]:
        return [f"3.{minor}" for minor in self.minors]


def find_library(path: str) -> Library | None:
    """The library as the setting names it; '' the installed one. None: there is none."""
    folder = _inside(Path(path)) if path else _installed()
    if folder is None:
        return None
    minors = sorted({int(match[1]) for name in _names(folder) if (match := _NATIVE.fullmatch(name))})
    try:
        found = _VERSION.search((folder / "__init__.py").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = None
    return Library(
        folder=folder, version=found[1] if found else "", minors=tuple(minors), simulated=_FAKED in sys.modules
    )


def _inside(folder: Path) -> Path | None:
    """The package itself, or what contains it."""
    return next((one for one in (folder, folder / "xtquant") if (one / "xttrader.py").is_file()), None)


def _installed() -> Path | None:
    try:
        spec = importlib.util.find_spec("xtquant")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def missing(account: AccountConfig) -> str:
    """Why the account's library cannot work here, as far as its files tell; '' if it looks right."""
    library = find_library(account.xtquant_path)
    if library is None:
        return texts.no_folder(Path(account.xtquant_path)) if account.xtquant_path else texts.NOT_INSTALLED
    if library.fits:
        return ""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return texts.wrong_python(python, library.pythons, {"win32": "Windows"}.get(sys.platform, sys.platform))


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A thing that was looked at; `good` None: it could not be told, or is odd."""

    good: bool | None
    text: str
    mend: str = ""


def look_at_folder(path: str) -> Seen:
    """Whether this is a terminal's userdata_mini."""
    folder = Path(path)
    if not folder.is_dir():
        return Seen(good=False, text=texts.path_missing(path), mend=texts.MEND_PATH)
    if folder.name.casefold() == "userdata":
        return Seen(good=False, text=texts.path_odd(path), mend=texts.MEND_FULL)
    if not os.access(folder, os.W_OK):
        return Seen(good=False, text=texts.path_unwritable(path), mend=texts.MEND_WRITE)
    if folder.name.casefold() != "userdata_mini":
        return Seen(good=None, text=texts.path_odd(path), mend=texts.MEND_PATH)
    names = {name.casefold() for name in _names(folder)}
    if not names.intersection(_TRACES) and not any(name.startswith(_QUEUES) for name in names):
        return Seen(good=None, text=texts.path_unused(path), mend=texts.MEND_FIRST)
    return Seen(good=True, text=texts.path_good(path))


def look_for_process(run: Run, *, windows: bool) -> Seen:
    """Whether the terminal runs, by the system's own list of processes."""
    if not windows:
        return Seen(good=None, text=texts.ONLY_WINDOWS)
    try:
        code, said = run(["tasklist", "/FI", f"IMAGENAME eq {PROCESS}", "/FO", "CSV", "/NH"])
    except OSError as error:
        return Seen(good=None, text=texts.process_unknown(because(error)))
    if code:
        return Seen(good=None, text=texts.process_unknown(said.strip() or str(code)))
    if PROCESS.casefold() in said.casefold():
        return Seen(good=True, text=texts.RUNNING)
    return Seen(good=False, text=texts.NOT_RUNNING, mend=texts.MEND_PROCESS)


def _names(folder: Path) -> Iterable[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
