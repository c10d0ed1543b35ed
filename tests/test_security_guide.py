"""docs/security.md promises what tests hold, and lists the libraries as they are pinned and describe themselves."""

from __future__ import annotations

import ast
import re
from importlib import metadata

import pytest

from tests.reading import ROOT
from tests.test_house import rows_after, text_of

GUIDE = text_of("docs/security.md")
LIBRARIES = rows_after(GUIDE, "library")
UPKEEP = {"4 - Beta": "beta", "5 - Production/Stable": "stable", "6 - Mature": "mature"}


def test_every_promise_names_a_test_that_exists() -> None:
    promises = rows_after(GUIDE, "promise")
    assert len(promises) > 10
    for promise, held_by in promises:
        place = re.fullmatch(r"`([\w/.]+\.py)::(test_\w+)`", held_by)
        assert place, promise
        tree = ast.parse((ROOT / place[1]).read_text(encoding="utf-8"))
        assert place[2] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, promise


def test_the_table_of_libraries_is_what_is_pinned() -> None:
    pins = re.findall(r"^([\w.-]+)==([\w.]+)", text_of("requirements.txt"), re.MULTILINE)
    assert [(name, version) for name, version, *_ in LIBRARIES] == pins


@pytest.mark.parametrize(("name", "licence", "upkeep"), [(row[0], row[2], row[3]) for row in LIBRARIES])
def test_licence_and_upkeep_are_what_the_package_says(name: str, licence: str, upkeep: str) -> None:
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    marks = said.get_all("Classifier") or []
    licences = [said.get("License-Expression") or "", (said.get("License") or "").removesuffix(" License")]
    licences += [mark.rpartition(":: ")[2].removesuffix(" License") for mark in marks if mark.startswith("License ::")]
    assert licence in licences
    assert upkeep in [UPKEEP.get(mark.removeprefix("Development Status :: ")) for mark in marks]
