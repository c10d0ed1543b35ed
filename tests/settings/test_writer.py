"""Changes to the configuration file: the file is the truth, and stays one that loads."""

from __future__ import annotations

import json
import os
import stat
from decimal import Decimal

import pytest

from desk.core.values import Mode
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.files import CannotWrite, write_whole
from desk.settings.loader import load
from desk.settings.problems import ConfigProblems
from desk.settings.writer import (
    CannotChange,
    add_strategy,
    fresh_kid,
    set_limits,
    set_strategy,
    written_limits,
)
from tests.settings.homes import SECRETS, account, analysis, follow, strategy, write_home


def _file(home):
    return home / "config" / FOLLOW_FILE


def test_a_strategy_is_added_in_paper_and_the_rest_stays_as_written(tmp_path):
    home = write_home(tmp_path, follow(strategy(跟单比例=1.5)), analysis())
    before = (
        '{\n  "端口": 8888,\n  "策略": [{"标识": "k1", "名称": "策略1", "密钥": "%s", "跟单比例": 0.10}],\n'
        '  "限额": {"单笔金额": 1e5}\n}\n'
    )
    _file(home).write_text(before % SECRETS[0], encoding="utf-8")
    add_strategy(home, {}, name="新的", kid="new", secret=SECRETS[1], ratio=Decimal("0.30"), account="甲")
    text = _file(home).read_text(encoding="utf-8")
    assert '"跟单比例": 0.10' in text and '"单笔金额": 1e5' in text and '"跟单比例": 0.3,' in text
    assert list(json.loads(text)) == ["端口", "策略", "限额"]
    new = load(home, {}).strategies[1]
    assert (new.name, new.kid, new.secret, new.mode, new.enabled) == ("新的", "new", SECRETS[1], Mode.PAPER, True)
    assert new.accounts[0].ratio == Decimal("0.3")
    assert (_file(home).with_name(FOLLOW_FILE + ".bak")).read_text(encoding="utf-8") == before % SECRETS[0]


@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("启用", False, "enabled", False),
        ("模式", "确认", "mode", Mode.CONFIRM),
        ("密钥", SECRETS[1], "secret", SECRETS[1]),
        ("只卖不买", True, "sell_only", True),
        ("信号有效秒数", 30, "signal_valid_s", 30),
    ],
)
def test_one_key_of_a_strategy_is_set(tmp_path, key, value, attribute, expected):
    home = write_home(tmp_path, follow(strategy()), analysis())
    loaded = set_strategy(home, {}, "策略1", key, value)
    assert getattr(load(home, {}).strategies[0], attribute) == expected
    assert loaded.config == load(home, {})


@pytest.mark.parametrize(
    ("shares", "account_name", "expected"),
    [
        ("甲", None, [("甲", "0.7")]),
        ("甲", "甲", [("甲", "0.7")]),
        ([{"账户": "甲", "跟单比例": 2}, "乙"], None, [("甲", "0.7"), ("乙", "0.7")]),
        ([{"账户": "甲", "跟单比例": 2}, "乙"], "甲", [("甲", "0.7"), ("乙", "1")]),
        ([{"账户": "甲", "跟单比例": 2}, "乙"], "乙", [("甲", "2"), ("乙", "0.7")]),
    ],
)
def test_a_ratio_is_set_for_all_accounts_or_one(tmp_path, shares, account_name, expected):
    home = write_home(tmp_path, follow(strategy(账户=shares)), analysis(account("甲"), account("乙")))
    set_strategy(home, {}, "策略1", "跟单比例", Decimal("0.7"), account=account_name)
    assert [(s.account, str(s.ratio)) for s in load(home, {}).strategies[0].accounts] == expected


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda home: set_strategy(home, {}, "策略", "启用", False), "没有叫「策略」的策略，是不是「策略1」？"),
        (lambda home: set_strategy(home, {}, "策略1", "名称", "x"), "「名称」不能这样改"),
        (lambda home: set_strategy(home, {}, "策略1", "跟单比例", 1, account="乙"), "没有跟到账户「乙」"),
        (lambda home: add_strategy(home, {}, name="策略1", kid="x", secret=SECRETS[1]), "已经有叫「策略1」的策略"),
    ],
)
def test_a_change_that_means_nothing_is_refused(tmp_path, change, sentence):
    home = write_home(tmp_path, follow(strategy(账户="甲")), analysis())
    before = _file(home).read_bytes()
    with pytest.raises(CannotChange, match=sentence.replace("？", ".")):
        change(home)
    assert _file(home).read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda home: set_strategy(home, {}, "策略1", "跟单比例", Decimal(0)),
        lambda home: set_strategy(home, {}, "策略1", "密钥", "password"),
        lambda home: set_strategy(home, {}, "策略1", "模式", "真"),
        lambda home: add_strategy(home, {}, name="测试", kid="x", secret=SECRETS[1]),
        lambda home: add_strategy(home, {}, name="新", kid="k1", secret=SECRETS[1]),
        lambda home: add_strategy(home, {}, name="新", kid="x", secret=SECRETS[1], account="无"),
    ],
)
def test_a_file_that_would_not_load_is_not_written(tmp_path, change):
    home = write_home(tmp_path, follow(strategy()), analysis())
    before = _file(home).read_bytes()
    with pytest.raises(ConfigProblems):
        change(home)
    assert _file(home).read_bytes() == before
    assert not _file(home).with_name(FOLLOW_FILE + ".bak").exists()


def test_a_missing_key_is_cured_by_rekey(tmp_path):
    home = write_home(tmp_path, follow({"名称": "策略1", "标识": "k1"}), analysis())
    set_strategy(home, {}, "策略1", "密钥", SECRETS[0])
    assert load(home, {}).strategies[0].secret == SECRETS[0]


def test_the_older_form_is_rewritten_in_the_new_one(tmp_path):
    home = write_home(tmp_path, {"策略名称": ["一", "二"], "策略跟单比例": [1, 0.5], "端口": "8888"}, analysis())
    set_strategy(home, {}, "二", "密钥", SECRETS[0])
    written = json.loads(_file(home).read_text(encoding="utf-8"))
    assert "策略名称" not in written and [s["标识"] for s in written["策略"]] == ["s1", "s2"]
    assert [s.secret for s in load(home, {}).strategies] == ["", SECRETS[0]]


def test_a_secret_of_the_environment_is_not_written_into_the_file(tmp_path):
    home = write_home(tmp_path, follow({"名称": "策略1", "标识": "k1"}), analysis())
    set_strategy(home, {"GENDAN_SECRET_k1": SECRETS[1]}, "策略1", "启用", False)
    assert SECRETS[1] not in _file(home).read_text(encoding="utf-8")


def test_nothing_is_made_where_there_is_no_configuration(tmp_path):
    with pytest.raises(ConfigProblems, match="还没有配置"):
        set_strategy(tmp_path, {}, "策略1", "启用", False)
    assert list(tmp_path.iterdir()) == []


def test_the_next_free_kid_is_found(tmp_path):
    home = write_home(tmp_path, follow(strategy(1, 标识="s1"), strategy(2, 标识="S2")), analysis())
    loaded = set_strategy(home, {}, "策略1", "启用", True)
    assert fresh_kid(loaded) == "s3"


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights otherwise")
def test_files_with_secrets_are_their_owners_alone(tmp_path):
    home = write_home(tmp_path, follow(strategy()), analysis())
    _file(home).chmod(0o644)
    set_strategy(home, {}, "策略1", "启用", False)
    for path in (_file(home), _file(home).with_name(FOLLOW_FILE + ".bak")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr("desk.settings.files.os.fsync", _full_disk)
    with pytest.raises(CannotWrite, match="写不了配置文件"):
        write_whole(path, "new", keep_old=True)
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def _full_disk(_handle):
    raise OSError(28, "No space left on device")


def test_limits_are_set_for_all_accounts_and_over_them_for_one(tmp_path):
    home = write_home(
        tmp_path, follow(strategy(账户="甲")), analysis(account("甲"), account("乙", 限额={"单票仓位": 0.5}))
    )
    set_limits(home, {}, "", {"单笔金额": "200000", "单日成交额": "不限"})
    loaded = set_limits(home, {}, "甲", {"单笔金额": " 1e5 ", "每秒委托数": "5"})
    first, second = loaded.config.accounts
    assert (first.limits.order_value, first.limits.orders_per_second) == (Decimal(100000), 5)
    assert (second.limits.order_value, second.limits.position_share) == (Decimal(200000), Decimal("0.5"))
    assert written_limits(home) == {
        "": {"单笔金额": 200000, "单日成交额": None},
        "甲": {"单笔金额": 100000, "每秒委托数": 5},
        "乙": {"单票仓位": Decimal("0.5")},
    }
    set_limits(home, {}, "甲", {"单笔金额": "", "每秒委托数": ""})
    assert "限额" not in json.loads((home / "config" / ANALYSIS_FILE).read_text(encoding="utf-8"))["账户"][0]
    assert (home / "config" / (ANALYSIS_FILE + ".bak")).exists()


@pytest.mark.parametrize("typed", [{"单笔金额": "很多"}, {"单笔金额": "-1"}, {"单日委托数": "1.5"}, {"新限额": "1"}])
@pytest.mark.parametrize("name", ["", "甲", "丙"])
def test_a_limit_that_cannot_be_used_changes_nothing(tmp_path, name, typed):
    home = write_home(tmp_path, follow(strategy()), analysis())
    before = [path.read_bytes() for path in sorted((home / "config").iterdir())]
    with pytest.raises(CannotChange):
        set_limits(home, {}, name, typed)
    assert [path.read_bytes() for path in sorted((home / "config").iterdir())] == before
