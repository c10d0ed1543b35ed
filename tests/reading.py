"""The tree as the house's tests read it: files as git knows them, modules as syntax trees, names with their origin."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# top folders that the daemon never imports
OUTSIDE = frozenset({"tests", "joinquant", "qmt", "gendan_client", "benchmarks", "tools"})
_GENERATED = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", "build", "dist"})


@cache
def tracked() -> tuple[Path, ...]:
    """The files that a clone gets and those about to be added, relative to the root; in an unpacked archive all."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if asked.returncode == 0 and asked.stdout:
        names = [Path(name) for name in asked.stdout.decode("utf-8").split("\0") if name]
    else:
        names = [
            path.relative_to(ROOT) for path in ROOT.rglob("*") if not _GENERATED & set(path.relative_to(ROOT).parts)
        ]
    return tuple(sorted({path for path in names if (ROOT / path).is_file()}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    name: str  # desk.journal.views; a package by its own name
    path: Path  # relative to the root
    tree: ast.Module

    @property
    def inside(self) -> bool:
        """Whether the daemon may import it."""
        return self.path.parts[0] not in OUTSIDE


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file, the pasted ones too."""
    return tuple(
        read(module_name(path), (ROOT / path).read_text(encoding="utf-8-sig"), path)
        for path in tracked()
        if path.suffix == ".py"
    )


def read(name: str, source: str, path: Path | None = None) -> Module:
    return Module(name=name, path=path or Path(*name.split(".")).with_suffix(".py"), tree=ast.parse(source))


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(module: Module, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, module imported), late imports and those for types included.

    `from desk.broker import paper` is an import of desk.broker.paper where that is a module, else of desk.broker.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                yield node.lineno, "." * node.level + base
                continue
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node.lineno, full if full in known else base


def origins(module: Module) -> Mapping[str, str]:
    """Where each imported name comes from: `from datetime import datetime as dt` gives dt -> datetime.datetime."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def spelt(node: ast.expr, names: Mapping[str, str]) -> str:
    """The dotted name an expression stands for, its first part led back to its import; "" if it is no such name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = spelt(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""
