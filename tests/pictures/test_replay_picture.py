"""`replay --png` draws what the table says, and says so when it cannot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from desk.cli import replay as replaying
from desk.cli.replay_picture import sheet_of
from desk.cli.replay_report import Facts
from desk.pictures import fonts
from tests.cli.homes import verb, write_home
from tests.cli.test_replay import ACCOUNT, BY_HAND
from tests.exports import write_export


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_home(tmp_path / "home", 账户=[ACCOUNT])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_export(tmp_path / "transaction.csv", BY_HAND)


def test_the_picture_shows_the_tables_figures(home: Path, file: Path) -> None:
    played, strategy = replaying.replay(home, file, name="小市值", ratio=None, bars=None)
    sheet = sheet_of(played, Facts(file=file.name, strategy=strategy, bars=False))
    assert sheet.days == [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)]
    assert (sheet.ours[0], sheet.ours[-1]) == (89.94, 291.05)
    assert (sheet.theirs[0], sheet.theirs[-1]) == (92.50, 396.33)
    assert sheet.sources == [("价格", 0.0), ("费用", -10.28), ("股数", -95.0), ("合计", -105.28)]
    assert sheet.reasons == [("比例后不足一手", 1), ("聚宽未成交", 1)]
    assert sheet.residue == []
    assert "28.95" in sheet.costs and "×0.5" in sheet.subtitle


def test_a_picture_is_written_beside_the_table(
    capsys: pytest.CaptureFixture[str], home: Path, file: Path, tmp_path: Path
) -> None:
    try:
        fonts.chinese_family()
    except fonts.NoChineseFont as error:
        pytest.skip(str(error))
    png = tmp_path / "图.png"
    code, out, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值", "--png", str(png), "--json")
    assert (code, json.loads(out)["followed"]) == (0, 5)
    assert png.read_bytes().startswith(b"\x89PNG\r\n")
    assert str(png) in err


def test_without_a_chinese_font_the_table_is_shown_and_the_picture_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path, file: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "FAMILIES", ())
    png = tmp_path / "图.png"
    code, out, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值", "--png", str(png))
    assert code == 2 and "没有中文字体" in err and "291.05" in out
    assert not png.exists()


def test_a_place_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path, file: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("desk.cli.replay_picture.picture", lambda *_: b"png")
    png = tmp_path / "nowhere" / "图.png"
    code, _, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值", "--png", str(png))
    assert code == 2 and str(png) in err
