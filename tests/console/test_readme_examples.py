"""Every JSON answer in the READMEs is what the program answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.desk_room import DeskRoom

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^`(GET|POST) (\S+)`(?: `({[^`\n]*})`)?\n\n```json\n(.*?)```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[DeskRoom]:
    made = DeskRoom(tmp_path)
    yield made
    made.close()


DOCUMENTS = ("README.md", "README.zh-CN.md", "docs/console.md")


def test_there_are_examples() -> None:
    assert all("```json" in (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS[:2])


@pytest.mark.parametrize("readme", DOCUMENTS)
def test_the_examples_are_answered_as_they_stand(room: DeskRoom, readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```json")
    # Orders come last: what an account shows just after one depends on whether it has been looked at meanwhile.
    for number, (method, path, body, said) in enumerate(sorted(examples, key=lambda example: example[0] == "POST")):
        headers = {"Authorization": "Bearer trader", "Idempotency-Key": f"example-{number}"}
        asked = json.loads(body) if body else None
        answer = room.client.open(path, method=method, json=asked, headers=headers)
        shown, told = json.loads(said), answer.get_json()
        if method == "POST" and "text" in told:  # the number of the order is made of its key
            shown["text"], told["text"] = (re.sub(r"g[a-z0-9]{15}", "g…", one["text"]) for one in (shown, told))
        assert told == shown, path
