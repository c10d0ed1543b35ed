"""The one file that imports xtquant: late, quietly, from where the person says, telling both versions."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from desk.broker import BrokerUnavailable
from desk.texts import xt as texts

log = logging.getLogger(__name__)

_door = threading.Lock()  # sys.modules, sys.path and stdout are everybody's: one import at a time


class LibraryMissing(BrokerUnavailable):
    """xtquant or its native part cannot be imported here; asking again helps only after it has been installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """What the channel uses of xtquant; the vendor's classes carry no types."""

    new_trader: Any  # XtQuantTrader(path, session)
    new_account: Any  # StockAccount(id, type); an error *string* for an id that is no str
    data: Any  # the module xtdata, None where only orders can be placed
    version: str  # as the package names itself, e.g. xtquant_250807
    wheel: str  # as pip knows it; '' for a broker's own folder
    folder: str


def load(folder: Path | None = None) -> Library:
    """Import xtquant, from `folder` if given (the package or what contains it). Raises LibraryMissing.

    Called from a thread of the channel: loading the native modules takes seconds.
    """
    with _door:
        try:
            with _looking_first_in(folder):
                with _quietly(), _without_phoning_home():
                    import xtquant  # type: ignore[import-untyped, import-not-found, unused-ignore]
                with _quietly():
                    from xtquant import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
                        xttrader,
                        xttype,
                    )
        except Exception as error:
            raise LibraryMissing(texts.library_missing(str(error))) from error
        library = Library(
            new_trader=xttrader.XtQuantTrader,
            new_account=xttype.StockAccount,
            data=_data(folder),
            version=str(getattr(xtquant, "__version__", "")),
            wheel=_wheel(),
            folder=_folder_of(xtquant),
        )
    if folder is not None and not _inside(Path(library.folder), folder):
        log.warning("xtquant was imported from %s already, not from %s", library.folder, folder)
    return library


def _data(folder: Path | None) -> Any:
    """The quote module; it fails by itself where only its own native part is missing."""
    try:
        with _looking_first_in(folder), _quietly():
            from xtquant import xtdata
    except Exception as error:  # noqa: BLE001 - orders go without quotes; the quotes tell that there are none
        log.warning("xtquant.xtdata cannot be imported, there will be no quotes: %s", error)
        return None
    xtdata.enable_hello = False  # else it prints to stdout on connecting
    return xtdata


@contextlib.contextmanager
def _without_phoning_home() -> Iterator[None]:
    """Let `import requests` fail: xtquant asks the package index for its newest version, 10 s behind a black hole."""
    missing = object()
    before: ModuleType | object | None = sys.modules.get("requests", missing)
    sys.modules["requests"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if before is missing:
            del sys.modules["requests"]
        else:
            sys.modules["requests"] = before  # type: ignore[assignment]


# A print of another thread goes on with the stdout that it began with, and CPython holds no reference to it: were it
# freed meanwhile, the program would crash.
_kept: list[_Diverted] = []


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep stdout clean of what this thread prints: it may carry a JSON document."""
    diverted = _Diverted(sys.stdout)
    _kept.append(diverted)
    try:
        with contextlib.redirect_stdout(diverted):
            yield
    finally:
        said = "".join(diverted.said).strip()
        if said:
            log.info("xtquant said: %s", said)


class _Diverted:
    """Stdout as it was for everybody but the thread that made this: an import that hangs must not mute the program."""

    def __init__(self, genuine: Any) -> None:
        self.said: list[str] = []
        self._genuine = genuine
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return int(self._genuine.write(text))
        self.said.append(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._genuine, name)


@contextlib.contextmanager
def _looking_first_in(folder: Path | None) -> Iterator[None]:
    if folder is None:
        yield
        return
    first = str(folder.parent if folder.name.casefold() == "xtquant" else folder)
    sys.path.insert(0, first)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(first)


def _wheel() -> str:
    try:
        return importlib.metadata.version("xtquant")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _folder_of(package: ModuleType) -> str:
    file = getattr(package, "__file__", None)
    return str(Path(file).parent) if file else ""


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
