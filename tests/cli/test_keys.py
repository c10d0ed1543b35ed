"""`keys`: made once, shown once, never overwritten; what is kept gives no key away."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import main
from desk.clock import SystemClock
from desk.journal import Journal, PositionBook
from desk.positions import keys
from tests.cli.homes import SECRET, facts, verb, write_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_home(tmp_path)


def kept(home: Path) -> dict[str, str | None]:
    """Client -> its public key."""
    with Journal.open(home / "data" / "journal.sqlite3", clock=SystemClock(), read_only=True) as journal:
        return {client.client_id: client.public_key for client in PositionBook(journal).clients()}


def test_a_new_pair_is_two_halves_of_one_and_the_private_one_is_its_owners_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = facts(capsys, home, "keys", "new", "jq")
    file = home / "config" / "keys" / "jq.pem"
    assert Path(made["private_key_file"]) == file
    private = serialization.load_pem_private_key(file.read_bytes(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert kept(home) == {"jq": public.decode()}
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_overwritten(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts(capsys, home, "keys", "new", "jq")
    file = home / "config" / "keys" / "jq.pem"
    before = file.read_bytes(), kept(home)
    assert verb(capsys, home, "keys", "new", "jq")[0] == 2
    assert verb(capsys, home, "keys", "new", "jq", "--api-key")[0] == 2
    assert verb(capsys, home, "keys", "new", "jq", "--out", str(home / "other.pem"))[0] == 2
    assert verb(capsys, home, "keys", "new", "other", "--out", str(file))[0] == 2
    assert (file.read_bytes(), kept(home)) == before
    assert not (home / "other.pem").exists()


def test_an_api_key_is_shown_once_and_kept_as_a_digest(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api_key = facts(capsys, home, "keys", "new", "py", "--api-key", "--strategy", "小市值")["api_key"]
    (row,) = facts(capsys, home, "keys", "list")
    assert (row["kind"], row["strategy"], row["may_read"], row["revoked_at"]) == ("api_key", "小市值", False, None)
    stored = b"".join(file.read_bytes() for file in (home / "data").glob("journal.sqlite3*"))
    assert api_key.encode() not in stored and keys.key_digest(api_key) in stored


def test_a_revoked_name_is_not_given_out_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts(capsys, home, "keys", "new", "py", "--api-key")
    assert verb(capsys, home, "keys", "revoke", "py")[0] == 0
    assert verb(capsys, home, "keys", "revoke", "py")[0] == 2
    assert verb(capsys, home, "keys", "new", "py", "--api-key")[0] == 2
    assert "已作废" in verb(capsys, home, "keys", "list")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("../up",), ("a/b",), ("",), ("x" * 33,), ("名字",),
        ("ok", "--strategy", "小市直", "--api-key"), ("ok", "--read"),
        ("ok", "--api-key", "--out", "x.pem"), ("ok", "--public", "nowhere.pem"),
    ],
)  # fmt: skip
def test_what_makes_no_key_is_refused_in_words(
    home: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = verb(capsys, home, "keys", "new", *words)
    assert (code, out) == (2, "") and err
    assert facts(capsys, home, "keys", "list") == []


def test_a_file_without_a_strong_public_key_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "public.pem"
    file.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", encoding="ascii")
    assert verb(capsys, home, "keys", "new", "jq", "--public", str(file))[0] == 2
    assert facts(capsys, home, "keys", "list") == []


def test_the_password_is_asked_for_and_kept_as_a_hash(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["short", "short", "long enough", "long enuogh", "long enough", "long enough"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    assert [main.main(["keys", "password", "--home", str(home)]) for _ in range(3)] == [2, 2, 0]
    assert "long enough" not in capsys.readouterr().out
    with Journal.open(home / "data" / "journal.sqlite3", clock=SystemClock(), read_only=True) as journal:
        password = PositionBook(journal).password()
    assert password is not None and password.hash.startswith("$2b$12$")


def test_jq_positions_writes_the_uploader_and_says_when_uploads_are_off(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = home / "positions.py"
    code, _, said = verb(capsys, home, "jq-positions", "小市值", "--out", str(out), "--address", "http://1.2.3.4:6000")
    assert code == 0 and "持仓上传" in said
    text = out.read_text(encoding="utf-8")
    assert SECRET in text and "http://1.2.3.4:6000" in text and "小市值" in text
    assert SECRET not in said
    assert verb(capsys, home, "jq-positions", "小市直")[0] == 2
