"""EasyXT's configuration file as users have it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from gendan_client import ApiKey, BadConfig, LimitExceeded, Position, Reading, Token, read_easyxt_config
from tests.client.stage import READING

WHOLE: dict[str, Any] = {
    "enabled": True,
    "server_url": "http://127.0.0.1:5366",
    "auth_config": {
        "use_crypto_auth": False, "client_id": "easyxt_client", "private_key_file": "keys/easyxt_private.pem",
        "simple_api_key": "gdk_x",
    },
    "sync_settings": {"auto_sync": True, "sync_interval": 45, "retry_times": 5},
    "order_settings": {"enabled": True, "endpoint": "/api/v1/orders/submit"},
    "qka_settings": {"enabled": False},
    "strategy_mapping": {"双均线策略": "MA_CROSS", "网格交易策略": "GRID"},
    "risk_control": {
        "max_position_value": 1000000, "max_single_stock_ratio": 0.2, "enable_position_limit_check": True
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [WHOLE, json.dumps(WHOLE), json.dumps(WHOLE, ensure_ascii=False).encode("utf-8-sig")],
    ids=["parsed", "text", "bytes with a mark"],
)
def test_a_whole_file_is_read_and_what_is_not_used_is_said(content: Any) -> None:
    config = read_easyxt_config(content)
    assert (config.server_url, config.interval_s, config.retry_times) == ("http://127.0.0.1:5366", 45, 5)
    assert (config.strategy_name("双均线策略"), config.strategy_name("小市值")) == ("MA_CROSS", "小市值")
    assert (config.limits.max_position_value, str(config.limits.max_single_stock_ratio)) == (1_000_000, "0.2")
    assert config.unused == ("order_settings", "qka_settings")
    assert config.proof() == ApiKey("gdk_x") and "gdk_x" not in repr(config)


def test_what_is_absent_is_as_easyxt_has_it() -> None:
    config = read_easyxt_config(b"{}")
    assert (config.enabled, config.auto_sync, config.interval_s, config.retry_times) == (True, True, 30, 3)
    assert config.use_crypto_auth and config.client_id == "easyxt_client" and not config.limits.enabled
    assert read_easyxt_config({"sync_settings": {"sync_interval": 1}}).interval_s == 10


def test_a_key_pair_needs_somebody_who_signs() -> None:
    config = read_easyxt_config(b"{}")
    with pytest.raises(BadConfig, match="use_crypto_auth"):
        config.proof()
    assert isinstance(config.proof(lambda: "token"), Token)
    with pytest.raises(BadConfig, match="simple_api_key"):
        read_easyxt_config({"auth_config": {"use_crypto_auth": False}}).proof()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (b"[]", "对象"),
        (b'{"enabled":true,"enabled":false}', "JSON"),
        ({"enabled": "yes"}, "enabled"),
        ({"server_url": 5366}, "server_url"),
        ({"auth_config": []}, "auth_config"),
        ({"auth_config": {"use_crypto_auth": 1}}, "auth_config.use_crypto_auth"),
        ({"sync_settings": {"sync_interval": "soon"}}, "sync_settings.sync_interval"),
        ({"sync_settings": {"sync_interval": 0}}, "sync_settings.sync_interval"),
        ({"sync_settings": {"retry_times": 0}}, "sync_settings.retry_times"),
        ({"sync_settings": {"retry_times": 1.5}}, "sync_settings.retry_times"),
        ({"strategy_mapping": {"双均线策略": 1}}, "strategy_mapping.双均线策略"),
        ({"strategy_mapping": {"甲": "A", "乙": "A"}}, "strategy_mapping"),
        ({"risk_control": {"max_position_value": -1}}, "risk_control.max_position_value"),
        ({"risk_control": {"max_single_stock_ratio": "x"}}, "risk_control.max_single_stock_ratio"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_key(content: Any, named: str) -> None:
    with pytest.raises(BadConfig, match=named):
        read_easyxt_config(content)


def test_a_list_beyond_the_limits_is_refused_whole() -> None:
    # 1,000 x 12.5 = 12,500 and 100 x 1,450.0125 = 145,001.25: together 157,501.25
    def limits(value: Any, ratio: Any, on: bool = True) -> Any:
        risk = {"max_position_value": value, "max_single_stock_ratio": ratio, "enable_position_limit_check": on}
        return read_easyxt_config({"risk_control": risk}).limits

    limits("157501.25", 1).check(READING)
    limits(None, None).check(READING)
    limits(1, 0.1, on=False).check(READING)
    with pytest.raises(LimitExceeded, match=r"157501\.25"):
        limits("157501.24", 1).check(READING)
    with pytest.raises(LimitExceeded, match=r"600519\.SH"):
        limits(200_000, 0.7).check(READING)
    limits(200_000, 0.7).check(READING, equity=Decimal(300_000))
    with pytest.raises(LimitExceeded):
        limits(None, 0.7).check(READING, equity=Decimal(200_000))
    limits(1, 0.1).check(Reading.nothing_held())
    limits(100, 1).check(Reading.whole([Position(code="600000.SH", shares=10, cost=Decimal(10))]))
