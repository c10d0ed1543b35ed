"""The paste-ready header: values become literals, never code, and what cannot work is refused before it is pasted."""

from __future__ import annotations

import pytest

from desk.snippet import TEMPLATE, fill, render
from tests.joinquant.pasted import KID, SECRET


def settings_of(source: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "pasted"}
    exec(source[: source.index("def _gendan_install")], names)
    found = names["_gendan_settings"]()  # type: ignore[operator]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "name", ["小市值", "", '"', "'", "a\\", "a\n'); raise SystemExit", "@@SECRET@@", '"@@SECRET@@"', "%s{0}", "\ud800"]
)
def test_a_strategy_name_stays_a_name(name: str) -> None:
    settings = settings_of(render("1.2.3.4:8888", KID, SECRET, name))
    assert [settings[key] for key in ("address", "kid", "secret", "strategy")] == ["1.2.3.4:8888", KID, SECRET, name]


@pytest.mark.parametrize("address", ["1.2.3.4:8888", "http://1.2.3.4:8888", "https://example.com", "http://[::1]:1/x"])
def test_an_address_may_be_short_or_long(address: str) -> None:
    assert settings_of(render(address, KID, SECRET, "a"))["address"] == address


@pytest.mark.parametrize(
    "address",
    ["", "http://", "ftp://1.2.3.4", "1.2.3.4:99999", "1.2.3.4:0", "1.2.3.4 :8", "http://a\r\nX: y", "http://u:p@h",
     "http://h/?q", "例子.com"],
)  # fmt: skip
def test_an_address_that_cannot_work_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        render(address, KID, SECRET, "a")


def test_a_chosen_password_is_refused() -> None:
    with pytest.raises(ValueError):
        render("1.2.3.4:8888", KID, "password", "a")


def test_a_template_without_its_places_is_refused() -> None:
    with pytest.raises(ValueError):
        fill("nothing", "1.2.3.4:8888", KID, SECRET, "a")


def test_nothing_is_left_to_fill_in() -> None:
    assert "@@" not in render("1.2.3.4:8888", KID, SECRET, "a")
    assert TEMPLATE.read_text(encoding="utf-8").count("@@") == 8
