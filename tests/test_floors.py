"""The house stands: imports run downward, and clock, SQL, vendors and heavy libraries stay in their rooms.

Each rule is a function from one module to complaints; the first tests ask the tree, the last ones plant a fault for
every rule, so that a rule that sees nothing is seen.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.reading import Module, imports, modules, origins, read, spelt

GROUND = frozenset({"base_func"})
CORE = GROUND | {"desk.core"}
FIRST = CORE | {"desk.clock", "desk.settings", "desk.texts"}
DOOR = FIRST | {"desk.broker:root", "desk.journal:root"}
SHOWING = FIRST | {"desk.calendar", "desk.journal:read"}

# unit -> the units it may import; `:root` is the package's own __init__ (Protocol and records), `:read` its views too
MAY_IMPORT: dict[str, frozenset[str]] = {
    "base_func": frozenset(),
    "desk": frozenset(),
    "desk.core": GROUND,
    # 1½
    "desk.clock": CORE,
    "desk.texts": CORE,
    "desk.settings": CORE | {"desk.texts"},
    "desk.logs": CORE | {"desk.texts"},
    # 2 edges
    "desk.journal": FIRST,
    "desk.broker": FIRST,
    "desk.calendar": FIRST,
    "desk.calendar_source": FIRST | {"desk.calendar"},
    "desk.senders": FIRST,
    "desk.serving": FIRST,
    "desk.snippet": FIRST,
    "desk.wecom": FIRST,
    "desk.album": FIRST | {"desk.wecom"},
    "desk.positions": FIRST | {"desk.journal:root", "desk.senders"},
    "desk.access": FIRST,
    "desk.console": SHOWING
    | {"desk.access", "desk.logs", "desk.pictures", "desk.positions", "desk.serving", "desk.snippet"},
    "desk.pictures": FIRST,
    "desk.export": SHOWING,
    "desk.report": SHOWING | {"desk.pictures"},
    # 3 doors, and the rooms behind one of them
    "desk.dealing": DOOR,
    "Receiver": DOOR | {"desk.senders", "desk.serving"},
    "Trader": DOOR | {"desk.dealing"},
    "send_trader_info": DOOR | {"desk.album", "desk.wecom"},
}
ROOF = frozenset({"main", "desk.cli"})

# The journal's write side belongs to its own package, to the doors that are handed it, and to the roof.
READ_SIDE = ("desk.journal.view", "desk.journal.history", "desk.journal.records", "desk.journal.values")

_PLAIN = frozenset({"__future__", "collections", "dataclasses", "datetime", "decimal", "enum"})
PURE: dict[str, frozenset[str]] = {  # the standard library that the two pure floors may use
    "base_func": _PLAIN,
    "desk.core": _PLAIN | {"base64", "binascii", "hashlib", "hmac", "json", "re", "struct", "typing"},
}
VALUES_ONLY = {("desk.core.config", "pathlib")}  # a path is carried there as a value; nothing is opened

# library -> the rooms that may import it
ROOMS: dict[str, tuple[str, ...]] = {
    # The console's users are kept in a file of their own: nobody who logs in waits for the journal's writer.
    "alembic": ("desk.journal", "desk.access"),
    "sqlalchemy": ("desk.journal", "desk.access"),
    # The exchange that is played keeps its own book, as a broker's counter would: it must survive apart from ours.
    "sqlite3": ("desk.journal", "desk.broker.paper.store", "desk.access"),
    "exchange_calendars": ("desk.calendar_source",),
    "pandas": ("desk.export", "desk.report", "desk.calendar_source"),
    "numpy": ("desk.export", "desk.report", "desk.calendar_source"),
    "matplotlib": ("desk.pictures", "desk.report"),  # when a picture is drawn: it costs a second to import
    "bcrypt": ("desk.positions.keys",),
    "flask": ("Receiver", "desk.console", "desk.positions.routes"),
    "markupsafe": ("desk.console",),
    "werkzeug": ("Receiver", "desk.console"),
    "flask_login": ("desk.console.door",),
    "flask_wtf": ("desk.console.door",),
    "argon2": ("desk.access.passwords",),
    "pyotp": ("desk.access.totp",),
    "segno": ("desk.access.totp",),
    "waitress": ("desk.serving",),
    "requests": ("desk.wecom", "desk.cli", "main"),
    "filelock": ("desk.settings", "desk.cli", "main"),
    "schedule": ("desk.cli", "main"),
    "tqdm": ("desk.cli", "main", "desk.export"),
    "click": ("desk.cli", "main"),
    "pydantic": ("desk.settings", "desk.console", "desk.cli", "main"),
    "prometheus_client": ("desk.console.metrics",),
    "cryptography": ("desk.positions.signatures",),
    "xtquant": ("desk.broker.xt.library",),  # lazily, and only when an account names the channel
}

CLOCK_ROOM = "desk.clock"
CLIENT = "gendan_client"  # for other people's programs: published by itself
_MOMENTS = {
    "datetime.datetime": ("now", "utcnow", "today"),
    "datetime.date": ("today",),
    "time": (
        *("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"),
        *("localtime", "gmtime", "sleep"),
    ),
    "uuid": ("uuid1", "uuid4"),
    "os": ("urandom", "getrandom"),
}

KNOWN = frozenset(module.name for module in modules())


def unit_of(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "desk" else parts[0]


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


# --- the rules --------------------------------------------------------------------------------------------------------


def looks_up(module: Module) -> Iterator[str]:
    """Imports of the house that do not run downward."""
    unit = unit_of(module.name)
    if unit in ROOF:
        return
    allowed = MAY_IMPORT.get(unit)
    if allowed is None:
        yield f"{module.path}: {unit} stands on no floor; give it one here and in the README"
        return
    for line, target in imports(module, KNOWN):
        if target.startswith("."):
            yield f"{module.path}:{line} imports relatively; spell the module"
            continue
        ours = unit_of(target) in MAY_IMPORT or unit_of(target) in ROOF or target in KNOWN
        if ours and unit_of(target) != unit and not _downward(target, allowed):
            yield f"{module.path}:{line} {unit} may not import {target}"


def _downward(target: str, allowed: frozenset[str]) -> bool:
    unit = unit_of(target)
    if unit in allowed:
        return True
    read_side = f"{unit}:read" in allowed
    if read_side and target.startswith(READ_SIDE):
        return True
    return target == unit and (read_side or f"{unit}:root" in allowed)


def impure(module: Module) -> Iterator[str]:
    """What the pure floors import beside the value modules of the standard library, and what they open or print."""
    allowed = PURE.get(unit_of(module.name))
    if allowed is None:
        return
    for line, target in imports(module, KNOWN):
        top = target.split(".")[0]
        if top not in allowed | {"base_func", "desk"} and (module.name, top) not in VALUES_ONLY:
            yield f"{module.path}:{line} a pure floor may not import {target}"
    doing = {"open", "print", "input", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "exists"}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in doing:
                yield f"{module.path}:{node.lineno} a pure floor may not call {called}"


def out_of_room(module: Module) -> Iterator[str]:
    """Libraries outside the rooms that may know them, and libraries that no room may know."""
    for line, target in imports(module, KNOWN):
        top = target.lstrip(".").split(".")[0]
        rooms = ROOMS.get(top)
        if rooms is None:
            if top in sys.stdlib_module_names or top in GROUND or top == "desk" or top in MAY_IMPORT or top in ROOF:
                continue
            yield f"{module.path}:{line} {top} stands in no room; give it one here and pin it"
        elif not any(within(module.name, room) for room in rooms):
            yield f"{module.path}:{line} {module.name} may not import {top}"


def plays_where_it_counts(module: Module) -> Iterator[str]:
    """The simulated terminal outside the rooms that play: it must never stand where a real one is meant."""
    for line, target in imports(module, KNOWN):
        played = within(target, "desk.broker.xt_sim") or within(target, "desk.texts.xt_sim")
        if played and not any(within(module.name, room) for room in ("desk.broker.xt_sim", "desk.cli.demo_terminal")):
            yield f"{module.path}:{line} {module.name} may not import {target}"


def names_a_vendor_early(module: Module) -> Iterator[str]:
    """Imports of a terminal's channel that happen when a module is loaded: a paper home must never meet them."""
    if within(module.name, "desk.broker.xt") or within(module.name, "desk.cli.demo_terminal"):
        return
    early = [node for node in module.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in early:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if any(within(name, "desk.broker.xt") for name in names):
            yield f"{module.path}:{node.lineno} {module.name} imports the channel before it is chosen"


def own_time(module: Module) -> Iterator[str]:
    """System clock, sleep and randomness outside the one room that has them; a seeded random.Random is handed in."""
    if module.name == CLOCK_ROOM:
        return
    names = origins(module)
    seeded = {
        id(node.func)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and (node.args or node.keywords) and spelt(node.func, names) == "random.Random"
    }
    unseeded = {
        id(node.func)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and id(node.func) not in seeded and spelt(node.func, names) == "random.Random"
    }
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = spelt(node, names)
        chance = name.startswith(("random.", "secrets.", "numpy.random.")) and name != "random.Random"
        owner, _, asked = name.rpartition(".")
        if asked in _MOMENTS.get(owner, ()) or chance or id(node) in unseeded:
            yield f"{module.path}:{node.lineno} {name} belongs to {CLOCK_ROOM}"


def encodes_by_chance(module: Module) -> Iterator[str]:
    """Text files opened in whatever encoding the machine prefers."""
    entered = {
        id(item.context_expr) for node in ast.walk(module.tree) if isinstance(node, ast.With) for item in node.items
    }
    names = origins(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _text_opened(node, names, id(node) in entered):
            yield f"{module.path}:{node.lineno} opens text without saying its encoding"


def _text_opened(call: ast.Call, names: Mapping[str, str], entered: bool) -> bool:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in keywords or None in keywords:
        return False
    full = spelt(call.func, names)
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if attribute == "read_text":
        return not call.args
    if attribute == "write_text":
        return len(call.args) < 2
    if (isinstance(call.func, ast.Name) and call.func.id == "open") or full in ("io.open", "os.fdopen"):
        return "b" not in _mode(call, keywords, 1, "r") and len(call.args) < 4
    if full in ("tempfile.NamedTemporaryFile", "tempfile.TemporaryFile"):
        return "b" not in _mode(call, keywords, 0, "w+b")
    if full in ("logging.FileHandler", "logging.handlers.RotatingFileHandler"):
        return True
    if attribute == "open" and full != "os.open":
        # Brokers and journals are opened too: only what is told a mode, or is entered bare, is a file.
        mode = _mode(call, keywords, 0, "")
        told = bool(mode) and set(mode) <= set("rwaxbt+")
        return (told and "b" not in mode) or (entered and not call.args and not call.keywords)
    return False


def _mode(call: ast.Call, keywords: dict[str | None, ast.expr], place: int, default: str) -> str:
    said = keywords.get("mode") or (call.args[place] if len(call.args) > place else None)
    if said is None:
        return default
    return said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else "b"


def imported_by_chance(module: Module) -> Iterator[str]:
    """Imports that no reader of imports can see."""
    names = origins(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == "__import__":
            yield f"{module.path}:{node.lineno} __import__ hides an import"
        elif isinstance(node, ast.Attribute | ast.Name) and spelt(node, names) == "importlib.import_module":
            yield f"{module.path}:{node.lineno} import_module hides an import"


def stands_on_others(module: Module) -> Iterator[str]:
    """What a package that others install alone would not find there: our modules, and other people's."""
    for line, target in imports(module, KNOWN):
        top = target.split(".")[0]
        if top != CLIENT and top not in sys.stdlib_module_names:
            yield f"{module.path}:{line} {module.name} may not import {target}"


# --- the tree ---------------------------------------------------------------------------------------------------------

Rule = Callable[[Module], Iterator[str]]


def complaints(rule: Rule, *, everywhere: bool = False) -> list[str]:
    return [said for module in modules() if everywhere or module.inside for said in rule(module)]


def test_imports_run_downward() -> None:
    assert complaints(looks_up) == []


def test_the_pure_floors_do_nothing() -> None:
    assert complaints(impure) == []


def test_every_library_stays_in_its_room() -> None:
    assert complaints(out_of_room) == []


def test_the_simulated_terminal_is_met_by_the_demo_alone() -> None:
    assert complaints(plays_where_it_counts) == []


def test_a_terminals_channel_is_imported_when_it_is_chosen() -> None:
    assert complaints(names_a_vendor_early) == []


def test_time_and_chance_come_from_one_file() -> None:
    assert complaints(own_time) == []


def test_text_is_opened_with_its_encoding() -> None:
    assert complaints(encodes_by_chance, everywhere=True) == []


def test_no_import_hides() -> None:
    assert complaints(imported_by_chance) == []


def test_the_daemon_imports_nothing_from_outside_the_house() -> None:
    outside = ("tests", "joinquant", "qmt", "gendan_client", "benchmarks", "config", "data")
    found = [
        f"{module.path}:{line} {target}"
        for module in modules()
        if module.inside
        for line, target in imports(module, KNOWN)
        if target.split(".")[0] in outside
    ]
    assert found == []


def test_the_pasted_files_need_only_an_old_python_and_requests() -> None:
    pasted = [module for module in modules() if module.path.parts[0] in ("joinquant", "qmt")]
    assert pasted
    found = [
        f"{module.path}:{line} {target}"
        for module in pasted
        for line, target in imports(module, KNOWN)
        if target.split(".")[0] not in sys.stdlib_module_names | {"requests"}
    ]
    assert found == []


def test_the_client_package_needs_only_itself_and_the_standard_library() -> None:
    of_the_client = [module for module in modules() if within(module.name, CLIENT)]
    assert of_the_client
    assert [said for module in of_the_client for said in stands_on_others(module)] == []


def test_the_client_package_has_its_own_room_for_time_and_chance() -> None:
    elsewhere = [module for module in modules() if within(module.name, CLIENT) and module.name != f"{CLIENT}.outside"]
    # An example stands where a user's own program does: it may ask for the time.
    assert [said for module in elsewhere if ".examples." not in module.name for said in own_time(module)] == []


def test_the_floors_table_names_units_once() -> None:
    assert not ROOF & MAY_IMPORT.keys()
    named = {unit.split(":")[0] for allowed in MAY_IMPORT.values() for unit in allowed}
    assert named <= MAY_IMPORT.keys()


def test_the_floors_have_no_circle() -> None:
    above: dict[str, set[str]] = {
        unit: {lower.split(":")[0] for lower in allowed} for unit, allowed in MAY_IMPORT.items()
    }
    while above:
        grounded = [unit for unit, lower in above.items() if not lower & above.keys()]
        assert grounded, f"these stand on each other: {sorted(above)}"
        for unit in grounded:
            del above[unit]


# --- the rules themselves ---------------------------------------------------------------------------------------------

PLANTED: list[tuple[Rule, str, str]] = [
    (looks_up, "base_func", "from desk.core import values"),
    (looks_up, "desk.core.book", "from desk.clock import Clock"),
    (looks_up, "desk.core.book", "def f():\n    import desk.journal"),
    (looks_up, "desk.texts.labels", "import desk.settings.table"),
    (looks_up, "desk.journal.views", "from desk.broker import Quote"),
    (looks_up, "desk.broker.paper.store", "import desk.journal"),
    (looks_up, "desk.dealing.plan", "from desk.broker import paper"),
    (looks_up, "desk.dealing.plan", "from desk.broker.paper.exchange import PaperExchange"),
    (looks_up, "desk.dealing.plan", "from desk.journal.writer import Writer"),
    (looks_up, "desk.dealing.plan", "from Trader import Trader"),
    (looks_up, "desk.dealing.plan", "import send_trader_info"),
    (looks_up, "Receiver", "from Trader import Trader"),
    (looks_up, "Trader", "import desk.cli"),
    (looks_up, "Trader", "from desk.senders import Keyring"),
    (looks_up, "send_trader_info", "import main"),
    (looks_up, "desk.export", "from desk.journal.inbox import accept"),
    (looks_up, "desk.settings.files", "from . import table"),
    (looks_up, "desk.stranger", "import json"),
    (impure, "desk.core.book", "import threading"),
    (impure, "desk.core.book", "from pathlib import Path"),
    (impure, "desk.core.book", "print('x')"),
    (impure, "desk.core.config", "from pathlib import Path\nPath('x').read_text(encoding='utf-8')"),
    (impure, "base_func", "import json"),
    (out_of_room, "Trader", "import sqlite3"),
    (out_of_room, "desk.broker.paper.exchange", "import sqlite3"),
    (out_of_room, "desk.core.book", "from sqlalchemy import text"),
    (out_of_room, "main", "import pandas as pd"),
    (out_of_room, "desk.calendar", "import exchange_calendars"),
    (out_of_room, "desk.broker.xt.session", "def f():\n    from xtquant import xttrader"),
    (out_of_room, "desk.export", "import polars"),
    (plays_where_it_counts, "desk.cli.parts", "def f():\n    from desk.broker.xt_sim import Terminal"),
    (names_a_vendor_early, "desk.cli.parts", "from desk.broker.xt import XtBroker"),
    (own_time, "Trader", "from datetime import datetime\ndatetime.now()"),
    (own_time, "Trader", "import datetime as dt\ndt.date.today()"),
    (own_time, "Trader", "import time\nstart = time.monotonic"),
    (own_time, "Trader", "from time import sleep as nap\nnap(1)"),
    (own_time, "desk.broker.paper.feed", "import random\nrandom.random()"),
    (own_time, "desk.broker.paper.feed", "import random\nrandom.Random()"),
    (own_time, "desk.broker.paper.feed", "from random import Random\nRandom()"),
    (own_time, "main", "import secrets\nsecrets.token_bytes(4)"),
    (own_time, "main", "from uuid import uuid4\nuuid4()"),
    (own_time, "main", "import os\nos.urandom(4)"),
    (encodes_by_chance, "main", "open('x')"),
    (encodes_by_chance, "main", "open('x', 'w')"),
    (encodes_by_chance, "main", "file.open('a')"),
    (encodes_by_chance, "main", "with file.open() as text: pass"),
    (encodes_by_chance, "main", "file.read_text()"),
    (encodes_by_chance, "main", "file.write_text('x')"),
    (encodes_by_chance, "main", "import os\nos.fdopen(3, 'w')"),
    (encodes_by_chance, "main", "import logging\nlogging.FileHandler('x')"),
    (imported_by_chance, "Trader", "__import__('xtquant')"),
    (stands_on_others, "gendan_client.wire", "from desk.core import wire"),
    (stands_on_others, "gendan_client.wire", "def f():\n    import requests"),
    (stands_on_others, "gendan_client.wire", "from . import codes"),
    (imported_by_chance, "Trader", "from importlib import import_module\nimport_module('xtquant')"),
]


@pytest.mark.parametrize(("rule", "name", "source"), PLANTED)
def test_a_planted_fault_is_seen(rule: Rule, name: str, source: str) -> None:
    assert len(list(rule(read(name, source)))) == 1


FINE: list[tuple[Rule, str, str]] = [
    (looks_up, "main", "import Trader, Receiver\nfrom desk.broker.paper import PaperBroker"),
    (looks_up, "desk.dealing.plan", "from desk.broker import Quote\nfrom desk.journal import Loaded"),
    (looks_up, "desk.export", "from desk.journal import Journal\nfrom desk.journal.views import signals"),
    (out_of_room, "desk.broker.paper.store", "import sqlite3"),
    (names_a_vendor_early, "desk.cli.parts", "def f():\n    from desk.broker.xt import XtBroker"),
    (own_time, "desk.broker.paper.feed", "import random\nrng: random.Random = random.Random(7)"),
    (own_time, "Trader", "from datetime import datetime\ndatetime.fromisoformat('2026-11-20')\nself.clock.now()"),
    (encodes_by_chance, "main", "open('x', 'rb')\nopen('x', encoding='utf-8')\nbroker.open(sink)\nticket.open()"),
    (encodes_by_chance, "main", "file.open('rb+')\nfile.read_text(encoding='utf-8')\nfile.read_text('utf-8')"),
    (encodes_by_chance, "main", "import os\nos.open('x', os.O_RDONLY)\nos.fdopen(3, 'wb')"),
]


@pytest.mark.parametrize(("rule", "name", "source"), FINE)
def test_what_is_right_is_let_alone(rule: Rule, name: str, source: str) -> None:
    assert list(rule(read(name, source))) == []
