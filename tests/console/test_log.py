"""The daemon's log from its end, page by page, secrets masked, no other file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk.console.log_tail import files, tail
from desk.logs import FOLDER
from tests.console.room import Room

LINE = "2026-11-20 09:30:00.000 {level} trader desk.x: {text}"


@pytest.fixture
def folder(room: Room) -> Path:
    made = room.folder / FOLDER
    made.mkdir(parents=True, exist_ok=True)
    for path in made.iterdir():
        path.unlink()
    return made


def write(path: Path, *lines: str) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def test_without_a_log_the_page_says_what_will_appear(room: Room) -> None:
    assert "还没有日志" in room.browser("店主").get("/log").text


def test_secrets_that_stand_in_a_log_are_masked_and_text_is_text(room: Room, folder: Path) -> None:
    room.config = replace(room.config, strategies=(replace(room.config.strategies[0], secret="einganzgeheimeswort"),))
    write(
        folder / "2026-11-20.log",
        LINE.format(level="ERROR", text="einganzgeheimeswort gd2_abcdefghijklmnop password=hunter2 <script>x</script>"),
    )
    page = room.browser("店主").get("/log").text
    for secret in ("einganzgeheimeswort", "abcdefghijklmnop", "hunter2", "<script>x"):
        assert secret not in page
    assert '<li class="bad">2026-11-20' in page


def test_the_newest_file_is_shown_and_an_older_one_when_asked(room: Room, folder: Path) -> None:
    for name in ("2026-11-19.log", "2026-11-20.log", "2026-11-20.2.log", "2026-11-20.10.log"):
        write(folder / name, f"in {name}")
    browser = room.browser("店主")
    assert "in 2026-11-20.10.log" in browser.get("/log").text
    assert "in 2026-11-19.log" in browser.get("/log?file=2026-11-19.log").text


@pytest.mark.parametrize("asked", ["../../console.db", "/etc/passwd", "notes.txt", "2026-11-20.log/../x", "%00"])
def test_no_other_file_is_shown(room: Room, folder: Path, asked: str) -> None:
    write(folder / "2026-11-20.log", "ours")
    write(folder / "notes.txt", "not ours")
    (folder / "2026-11-21.log").symlink_to(folder / "notes.txt")
    page = room.browser("店主").get("/log", query_string={"file": asked})
    assert page.status_code == 200 and "ours" in page.text and "not ours" not in page.text
    assert files(folder) == ["2026-11-20.log"]


def test_pages_joined_are_the_file(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-20.log"
    lines = [f"第{number}行 {'x' * (number % 70)}" for number in range(1000)]
    write(path, *lines)
    found: list[str] = []
    before: int | None = None
    while True:
        page = tail(path, before=before, most=37)
        found[:0] = page.lines
        before = page.before
        if before is None:
            break
    assert found == lines


def test_a_line_longer_than_a_block_and_bytes_that_are_no_text_do_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-20.log"
    path.write_bytes(b"first\n" + b"x" * 600_000 + b"\n\xff\xfe\nlast\n")
    before: int | None = None
    pages = 0
    while True:
        page = tail(path, before=before)
        pages += 1
        if page.before is None:
            break
        assert before is None or page.before < before
        before = page.before
    assert page.lines[0] == "first" and pages < 6
