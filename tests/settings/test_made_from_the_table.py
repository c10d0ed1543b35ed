"""Everything that is made from the settings table: examples, key table, redaction, the first configuration."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import Mode
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.examples import SECRET_PLACEHOLDER, example_files, key_table
from desk.settings.init import QUESTIONS, plan_init, read_answers, write_init
from desk.settings.loader import examine, load
from desk.settings.model import AccountConfig, Config, Limits, StrategyConfig
from desk.settings.problems import ConfigProblems
from desk.settings.redaction import redacted, secret_values
from desk.settings.table import SETTINGS, Section, rows_of
from tests.settings.homes import SECRETS, account, analysis, encode, follow, loaded, refused, strategy

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE_FOLLOW, EXAMPLE_ANALYSIS = (f.replace(".json", ".example.json") for f in (FOLLOW_FILE, ANALYSIS_FILE))


def test_keys_are_unique_in_their_section():
    pairs = [(setting.section, setting.key) for setting in SETTINGS]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: f"{s.section.name}-{s.attribute}")
def test_a_default_is_a_value_that_the_kind_takes_back(setting):
    if setting.kind.nested or setting.default in ("必填", "同上一层"):
        return
    shown = setting.kind.show(setting.default_value)
    assert setting.kind.read(json.loads(json.dumps(shown), parse_float=Decimal)) == setting.default_value
    assert setting.help and not setting.help.endswith("。")


@pytest.mark.parametrize(
    ("section", "record", "elsewhere"),
    [
        (Section.STRATEGY, StrategyConfig, set()),
        (Section.ACCOUNT, AccountConfig, set()),
        (Section.LIMITS, Limits, set()),
    ],
)
def test_every_field_of_a_record_has_its_row(section, record, elsewhere):
    fields = {field.name for field in dataclasses.fields(record)}
    assert fields - {setting.attribute for setting in rows_of(section)} == elsewhere


def test_every_field_of_the_configuration_has_its_row():
    rows = {s.attribute for s in (*rows_of(Section.FOLLOW), *rows_of(Section.ANALYSIS))}
    fields = {field.name for field in dataclasses.fields(Config)} - {"home", "version", "chase", "messenger"}
    assert fields <= rows
    for part in ("chase", "messenger"):
        record = type(getattr(Config(home=Path(".")), part))
        assert {f"{part}.{field.name}" for field in dataclasses.fields(record)} <= rows


def test_the_committed_examples_are_the_generated_ones():
    for name, text in example_files().items():
        assert (PROJECT / "config" / name).read_text(encoding="utf-8") == text, "python -m desk.settings.examples"


def test_a_copied_example_asks_for_a_key_and_nothing_else():
    files = example_files()
    [problem] = refused(json.loads(files[EXAMPLE_FOLLOW]), json.loads(files[EXAMPLE_ANALYSIS]))
    assert "密钥必须是程序生成的" in problem


def test_an_example_with_a_key_means_the_defaults():
    files = example_files()
    text = files[EXAMPLE_FOLLOW].replace(SECRET_PLACEHOLDER, SECRETS[0])
    config = examine(text.encode("utf-8"), files[EXAMPLE_ANALYSIS].encode("utf-8"), Path("."), {}).config
    shortest = loaded(
        follow({"名称": "我的策略", "标识": "s1", "密钥": SECRETS[0]}, 公网地址="http://1.2.3.4:6000"),
        analysis(account("模拟账户")),
    ).config
    assert dataclasses.replace(config, version="") == dataclasses.replace(shortest, version="")


def test_the_key_table_names_every_key():
    table = key_table()
    for setting in SETTINGS:
        assert f"| {setting.key} |" in table


# --- redaction ------------------------------------------------------------------------------------------------------


def _rich():
    return loaded(
        follow(strategy(1, 解码令牌="v1-token", 允许旧协议="2026-12-31", 跟单比例=0.5), strategy(2)),
        analysis(微信token=["wecom-1", "wecom-2"], 数据库="postgresql://me:db-password@host/x"),
    ).config


def test_a_redacted_configuration_holds_no_secret_but_everything_else():
    config = _rich()
    text = json.dumps(redacted(config), ensure_ascii=False)
    for secret in secret_values(config):
        assert secret not in text
    assert "postgresql://me:******@host/x" in text and '"跟单比例": 0.5' in text and '"2026-12-31"' in text


def test_all_secrets_are_known_to_the_logs():
    expected = {*SECRETS, "v1-token", "wecom-1", "wecom-2", "db-password"}
    assert set(secret_values(_rich())) == expected


def test_a_redacted_configuration_says_where_no_secret_is():
    config = loaded(follow(strategy(密钥=""))).config
    assert redacted(config)[FOLLOW_FILE]["策略"][0]["密钥"] == ""


def test_the_redacted_form_loads_again_once_its_secrets_are_back():
    config = loaded(follow(strategy(跟单比例="0.25")), analysis(account(限额={"单笔金额": None}))).config
    shown = redacted(config)
    shown[FOLLOW_FILE]["策略"][0]["密钥"] = SECRETS[0]
    again = loaded(shown[FOLLOW_FILE], shown[ANALYSIS_FILE]).config
    assert dataclasses.replace(again, version="") == dataclasses.replace(config, version="")


def test_a_printed_configuration_holds_no_secret():
    config = _rich()
    for secret in secret_values(config):
        assert secret not in repr(config)


# --- init -----------------------------------------------------------------------------------------------------------


def _bytes(count):
    return bytes(range(count))


def test_unanswered_questions_make_a_paper_configuration(tmp_path):
    write_init(tmp_path, plan_init({}, _bytes))
    config = load(tmp_path, {})
    assert config.strategies[0].mode is Mode.PAPER and config.strategies[0].secret == SECRETS[1]
    assert [a.channel for a in config.accounts] == ["paper"] and not config.accounts[0].always_open


def test_answers_are_taken(tmp_path):
    answers = {
        "策略名称": "小市值",
        "标识": "xsz",
        "跟单比例": "0.5",
        "账户名称": "试",
        "初始资金": 200000,
        "全天交易": "是",
        "公网地址": "1.2.3.4:6000",
        "端口": 8899,
        "微信token": "abc",
    }
    assert set(answers) == {question.key for question in QUESTIONS}
    write_init(tmp_path, plan_init(answers, _bytes))
    config = load(tmp_path, {})
    assert (config.strategies[0].kid, config.listen_port, config.public_url) == ("xsz", 8899, "http://1.2.3.4:6000")
    assert config.accounts[0].always_open and config.messenger.tokens == ("abc",)


def test_answers_are_read_from_a_file(tmp_path):
    (tmp_path / "answers.json").write_text('\ufeff{"跟单比例": 0.50, "端口": 8899}', encoding="utf-8")
    config = write_and_load(tmp_path, read_answers(tmp_path / "answers.json"))
    assert (config.strategies[0].accounts[0].ratio, config.listen_port) == (Decimal("0.5"), 8899)
    with pytest.raises(ConfigProblems, match=r"找不到文件：none\.json"):
        read_answers(tmp_path / "none.json")
    (tmp_path / "answers.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigProblems, match="整个文件应该是"):
        read_answers(tmp_path / "answers.json")


def write_and_load(home, answers):
    write_init(home, plan_init(answers, _bytes))
    return load(home, {})


def test_bad_answers_are_all_said_at_once():
    with pytest.raises(ConfigProblems) as caught:
        plan_init({"跟单比例": "0", "标识": "中文"}, _bytes)
    assert len(caught.value.problems) == 2


def test_an_answer_to_no_question_is_refused():
    with pytest.raises(ConfigProblems, match="是不是「跟单比例」"):
        plan_init({"跟单比列": "1"}, _bytes)
    with pytest.raises(ConfigProblems, match="没有「模式」这个键"):
        plan_init({"模式": "实盘"}, _bytes)


@pytest.mark.parametrize("existing", [FOLLOW_FILE, ANALYSIS_FILE])
def test_init_never_overwrites(tmp_path, existing):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / existing).write_bytes(encode({}))
    with pytest.raises(ConfigProblems, match="init 不会覆盖它"):
        write_init(tmp_path, plan_init({}, _bytes))
    assert [path.name for path in (tmp_path / "config").iterdir()] == [existing]


# --- every place, every strange value --------------------------------------------------------------------------------

STRANGE = (
    None, True, False, 0, -1, 1, 10**40, 0.5, -1e300, 1e-300, "", " ", "x", "是", "1e99", "-0", "25:61", "2026-13-01",
    "\ud800", "\x00", "甲" * 600, [], [None], [[]], ["x", 1], {}, {"x": {}}, [{}], {"": ""}, "http://[", "http://a:99999999",
)  # fmt: skip


def _places(document, path=()):
    if path:
        yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _with(document, path, value):
    copy = json.loads(json.dumps(document))
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return copy


def test_any_value_in_any_place_gives_a_configuration_or_problems():
    files = example_files()
    good_follow = json.loads(files[EXAMPLE_FOLLOW].replace(SECRET_PLACEHOLDER, SECRETS[0]))
    good_follow["策略"][0]["账户"] = [{"账户": "模拟账户", "跟单比例": 1}]
    good_analysis = json.loads(files[EXAMPLE_ANALYSIS])
    good_analysis["账户"][0]["限额"] = {"单笔金额": 1}
    read, refused_ = 0, 0
    for name, good in ((EXAMPLE_FOLLOW, good_follow), (EXAMPLE_ANALYSIS, good_analysis)):
        for path in _places(good):
            for value in STRANGE:
                bad = json.dumps(_with(good, path, value)).encode("utf-8")
                both = (bad, encode(good_analysis)) if name == EXAMPLE_FOLLOW else (encode(good_follow), bad)
                try:
                    examine(*both, Path("."), {})
                    read += 1
                except ConfigProblems as caught:
                    str(caught).encode("utf-8")
                    refused_ += 1
    assert read > 100 and refused_ > 1000
