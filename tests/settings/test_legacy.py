"""The older form of the two files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from desk.core.values import Mode
from tests.settings.homes import account, analysis, loaded, refused, strategy

OLD_FOLLOW = {
    "服务器": "http://1.2.3.4",
    "密码": "old-password",
    "端口": "8888",
    "策略跟单比例": ["0.5"],
    "策略名称": ["小市值"],
    "解码令牌": "shared-token",
    "最大重新下单次数": "5",
    "触发强制卖出次数": "3",
    "每分钟最大请求数": "60",
}
OLD_ANALYSIS = {
    "交易系统": "qmt",
    "交易品种": "全部",
    "qmt路径": "D:/国金QMT交易端模拟/userdata_mini",
    "qmt账户": "55011917",
    "qmt账户类型": "STOCK",
    "是否参加集合竞价": "否",
    "发送方式": "微信",
    "发送摘要时间": "09:55:00",
    "微信token": ["abc"],
}


def test_the_older_form_is_read_and_starts_in_paper_without_the_old_protocol():
    result = loaded(OLD_FOLLOW, OLD_ANALYSIS)
    [only] = result.config.strategies
    assert (only.name, only.kid, only.secret, only.mode) == ("小市值", "s1", "", Mode.PAPER)
    assert only.accounts[0].ratio == Decimal("0.5") and only.v1_until is None
    assert result.config.public_url == "http://1.2.3.4" and result.config.failed_per_minute == 60
    [qmt] = result.config.accounts
    assert (qmt.channel, qmt.qmt_account, qmt.qmt_account_type) == ("miniqmt", "55011917", "STOCK")
    said = "\n".join(result.notices)
    for part in (
        "新写法是「策略」列表",
        "新写法是「账户」列表",
        "旧协议默认不开",
        "「密码」不再使用",
        "「发送方式」不再使用",
    ):
        assert part in said
    assert "old-password" not in said and "shared-token" not in said


def test_one_generation_wrote_the_accounts_type_as_its_product():
    old = {"交易品种": "CREDIT", "qmt路径": "D:/q", "qmt账户": 123}
    [qmt] = loaded(OLD_FOLLOW, old).config.accounts
    assert (qmt.qmt_account_type, qmt.qmt_account) == ("CREDIT", "123")


def test_an_end_date_switches_the_old_protocol_on():
    result = loaded({**OLD_FOLLOW, "允许旧协议": "2026-12-31"}, OLD_ANALYSIS)
    [only] = result.config.strategies
    assert (only.v1_until, only.v1_token) == (date(2026, 12, 31), "shared-token")


def test_several_strategies_get_kids_and_their_own_ratios():
    old = {"策略名称": ["一", "二"], "策略跟单比例": [1, "0.3"]}
    strategies = loaded(old).config.strategies
    assert [(s.kid, s.accounts[0].ratio) for s in strategies] == [("s1", Decimal(1)), ("s2", Decimal("0.3"))]


def test_several_strategies_with_a_token_each_are_read():
    old = {"策略名称": ["一", "二"], "策略跟单比例": [1, 1], "解码令牌": ["t1", "t2"], "允许旧协议": "2026-12-31"}
    assert [s.v1_token for s in loaded(old).config.strategies] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        ({"策略名称": ["一", "二"], "策略跟单比例": [1, 1], "解码令牌": "t"}, "几个策略共用一个解码令牌"),
        ({"策略名称": ["一", "二"], "策略跟单比例": [1, 1], "解码令牌": ["t"]}, "几个策略共用一个解码令牌"),
        ({"策略名称": ["一", "二"], "策略跟单比例": [1, 1], "解码令牌": ["t", "t"]}, "用了同一个解码令牌"),
        ({"策略名称": ["一", "二"], "策略跟单比例": [1]}, "「策略跟单比例」有 1 个，策略名称有 2 个，个数要一样"),
        ({"策略名称": ["一"], "解码令牌": ["t", "u"]}, "「解码令牌」有 2 个，策略名称有 1 个"),
        ({"策略名称": []}, "策略名称：不能为空"),
        ({"策略名称": ["一"], "策略跟单比例": ["半"]}, "策略「一」 › 跟单比例：应该是一个数"),
        ({"策略名称": ["一"], "端囗": 1}, "没有「端囗」这个键，是不是「端口」？"),
        ({"策略名称": ["一"], "策略": [strategy()]}, "新旧两种写法混在一个文件里"),
    ],
)
def test_what_the_older_form_cannot_mean_is_refused(old, sentence):
    problems = refused(old)
    assert len(problems) == 1 and sentence in problems[0], problems


def test_mixed_forms_of_the_account_are_refused():
    [problem] = refused({"策略": []}, {**analysis(account()), "qmt账户": "1"})
    assert "新旧两种写法混在一个文件里" in problem
