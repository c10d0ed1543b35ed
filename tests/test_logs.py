"""The logs: dated, without secrets, and never in the way."""

from __future__ import annotations

import logging
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.logs import FOLDER, BeijingFormatter, DatedFile, RedactingFilter, redact, setup

SECRET = "gd2_ZcuxSX7cFldMDx3uK1Sto5dwnO-CwhExmMg1v8S_U7I"
LOG = logging.getLogger("gendan.test")


@pytest.fixture
def home(tmp_path):
    yield tmp_path
    setup(tmp_path, (), to_console=False).close()


def _written(home: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((home / FOLDER).glob("*.log")))


def _record(day: int, text: str = "line") -> logging.LogRecord:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, text, None, None)
    record.created = datetime(2026, 11, day, 0, 0, 1, 250000, tzinfo=BEIJING).timestamp()
    return record


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_line_is_in_the_file_and_on_the_console(home, capsys):
    setup(home, ())
    LOG.info("收到信号 %s", "abc")
    assert "INFO MainThread gendan.test: 收到信号 abc" in _written(home)
    assert "收到信号 abc" in capsys.readouterr().err


def test_without_console_nothing_is_printed(home, capsys):
    setup(home, (), to_console=False)
    LOG.warning("静")
    assert capsys.readouterr().err == "" and "静" in _written(home)


def test_a_second_setup_replaces_the_first(home):
    setup(home, (), to_console=False)
    setup(home, (), to_console=False)
    LOG.info("一次")
    assert _written(home).count("一次") == 1


def test_close_takes_everything_down(home):
    before = list(logging.getLogger().handlers)
    setup(home, ()).close()
    assert logging.getLogger().handlers == before


@pytest.mark.parametrize("chosen", ["令牌 one", "tok/en+1"])
def test_known_secrets_never_reach_a_log(home, capsys, chosen):
    logs = setup(home, [chosen])
    LOG.info("token is %s", chosen)
    LOG.info("in a dict: %r", {"k": chosen})
    LOG.info("text with " + chosen)
    try:
        raise ValueError(f"bad token {chosen}")
    except ValueError:
        LOG.exception("failed with %s", chosen)
    logs.know(["made-later"])
    LOG.info("rekeyed to made-later", stack_info=True)
    for text in (_written(home), capsys.readouterr().err):
        assert chosen not in text and "made-later" not in text
        assert "ValueError: bad token ******" in text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"secret {SECRET} here", SECRET),
        ("POST /cgi-bin/webhook/send?key=0a1b2c3d-4e5f HTTP/1.1", "0a1b2c3d-4e5f"),
        ("postgresql://me:pass-word@host/x", "pass-word"),
        ("https://x/y?access_token=zzz&b=1", "zzz"),
    ],
)
def test_what_looks_like_a_secret_is_masked_unknown_though_it_is(text, hidden):
    assert hidden not in redact(text) and "******" in redact(text)


def test_a_secret_is_masked_in_its_spelling_for_addresses_too():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "GET /?t=a%2Fb%2Bc", None, None)
    RedactingFilter(["a/b+c"]).filter(record)
    assert record.getMessage() == "GET /?t=******"


def test_the_longer_of_two_secrets_is_masked_whole():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "abcd-efgh", None, None)
    RedactingFilter(["abcd", "abcd-efgh", ""]).filter(record)
    assert record.getMessage() == "******"


def test_a_line_whose_arguments_do_not_fit_is_still_written():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "only %s %s", ("hidden-1",), None)
    assert RedactingFilter(["hidden-1"]).filter(record)
    assert record.getMessage() == "only %s %s ('******',)"


def test_lone_surrogates_do_not_stop_a_line(home):
    setup(home, (), to_console=False)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "bad \ud800 text", None, None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, DatedFile):  # past the tests' own handlers, which cannot tell it to another process
            handler.handle(record)
    assert "bad \\ud800 text" in _written(home)


def test_a_file_for_each_day_by_the_records_own_time(tmp_path):
    handler = DatedFile(tmp_path)
    handler.setFormatter(BeijingFormatter("%(asctime)s %(message)s"))
    for day in (19, 20):
        handler.emit(_record(day))
    handler.close()
    assert _names(tmp_path) == ["2026-11-19.log", "2026-11-20.log"]
    assert (tmp_path / "2026-11-20.log").read_text(encoding="utf-8") == "2026-11-20 00:00:01.250 line\n"


def test_a_large_day_goes_on_in_parts_also_after_a_restart(tmp_path):
    for _ in range(2):
        handler = DatedFile(tmp_path, largest=10)
        handler.emit(_record(20, "0123456789"))
        handler.emit(_record(20, "0123456789"))
        handler.close()
    assert _names(tmp_path) == ["2026-11-20.1.log", "2026-11-20.2.log", "2026-11-20.3.log", "2026-11-20.log"]


def test_a_line_that_comes_after_the_close_opens_no_file_that_nobody_would_close(tmp_path):
    handler = DatedFile(tmp_path)
    handler.close()
    handler.handle(_record(20))
    assert _names(tmp_path) == []


def test_old_files_go_and_others_stay(tmp_path):
    for name in ("2026-09-19.log", "2026-09-21.log", "2026-99-99.log", "notes.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    handler = DatedFile(tmp_path, keep_days=60)
    handler.emit(_record(20))  # 60 days before 2026-11-20 is 2026-09-21
    handler.close()
    assert _names(tmp_path) == ["2026-09-21.log", "2026-11-20.log", "2026-99-99.log", "notes.txt"]


def test_a_folder_that_cannot_be_written_leaves_the_console(tmp_path, capsys):
    (tmp_path / "data").write_text("a file where the folder should be", encoding="utf-8")
    logs = setup(tmp_path, (), to_console=False)
    LOG.info("still said")
    err = capsys.readouterr().err
    logs.close()
    assert len(logs.warnings) == 1 and "写不了" in logs.warnings[0]
    assert "still said" in err and "写不了" in err


def test_a_write_that_fails_later_is_said_once_and_tried_again(tmp_path, capsys):
    folder = tmp_path / "logs"
    folder.mkdir()
    handler = DatedFile(folder)
    handler.emit(_record(19))
    (folder / "2026-11-19.log").unlink()
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")
    handler.emit(_record(20))
    handler.emit(_record(20))
    assert capsys.readouterr().err.count("写不了") == 1
    folder.unlink()
    folder.mkdir()
    handler.emit(_record(20, "back"))
    handler.close()
    assert (folder / "2026-11-20.log").read_text(encoding="utf-8") == "back\n"


def test_a_window_without_stderr_is_no_reason_to_fall(home, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    logs = setup(home, ())
    LOG.info("into the file")
    assert "into the file" in _written(home)
    logs.close()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_rights_leaves_the_console(home, capsys):
    (home / FOLDER).mkdir(parents=True)
    (home / FOLDER).chmod(0o500)
    assert setup(home, ()).warnings
    (home / FOLDER).chmod(0o700)
