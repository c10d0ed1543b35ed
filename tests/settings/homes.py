"""Small homes with a configuration in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.loader import examine, read
from desk.settings.problems import ConfigProblems

SECRETS = (
    "gd2_ZcuxSX7cFldMDx3uK1Sto5dwnO-CwhExmMg1v8S_U7I",
    "gd2_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
)


def strategy(number: int = 1, **more: object) -> dict[str, object]:
    return {"名称": f"策略{number}", "标识": f"k{number}", "密钥": SECRETS[number - 1], **more}


def account(name: str = "甲", **more: object) -> dict[str, object]:
    return {"名称": name, "通道": "paper", **more}


def follow(*strategies: object, **more: object) -> dict[str, object]:
    return {"策略": list(strategies), **more}


def analysis(*accounts: object, **more: object) -> dict[str, object]:
    return {"账户": list(accounts) or [account()], **more}


def encode(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8")


def write_home(home: Path, follow_document: object, analysis_document: object) -> Path:
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / FOLLOW_FILE).write_bytes(encode(follow_document))
    (home / "config" / ANALYSIS_FILE).write_bytes(encode(analysis_document))
    return home


def loaded(follow_document: object, analysis_document: object = None, env: Mapping[str, str] | None = None):
    return examine(encode(follow_document), encode(analysis_document or analysis()), Path("."), env or {})


def refused(follow_document: object, analysis_document: object = None, env: Mapping[str, str] | None = None):
    """The problems' sentences, each as 'file › place：text'."""
    with pytest.raises(ConfigProblems) as caught:
        loaded(follow_document, analysis_document, env)
    return [str(problem) for problem in caught.value.problems]


def refused_home(home: Path) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        read(home, {})
    return [str(problem) for problem in caught.value.problems]
