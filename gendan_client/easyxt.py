"""EasyXT's configuration of the position sync, read as it stands in users' files."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Callable, Mapping

from gendan_client.errors import BadAnswer, BadConfig, LimitExceeded
from gendan_client.exact import decimal_of, from_json, plain
from gendan_client.positions import Position, Reading
from gendan_client.server import ApiKey, Proof, Token

_SECTIONS = ("auth_config", "sync_settings", "strategy_mapping", "risk_control")
_MIN_INTERVAL_S = 10.0


@dataclass(frozen=True)
class Limits:
    """Yuan and a fraction of 1; None: no limit. Not looked at unless `enabled`."""

    enabled: bool = False
    max_position_value: Decimal | None = None
    max_single_stock_ratio: Decimal | None = None

    def check(self, reading: Reading, equity: Decimal | None = None) -> None:
        """Compare a list, at its costs, with the limits. Raises LimitExceeded; nothing is ever cut off.

        All of it may be worth `max_position_value`, one security `max_single_stock_ratio` of the equity; where no
        equity is told, of `max_position_value`.
        """
        if not self.enabled:
            return
        value = sum((_value(position) for position in reading.positions), Decimal(0))
        if self.max_position_value is not None and value > self.max_position_value:
            raise LimitExceeded(
                f"持仓总值 {plain(value)} 元超过 max_position_value {plain(self.max_position_value)} 元"
            )
        whole = equity if equity is not None else self.max_position_value
        if whole is None or self.max_single_stock_ratio is None:
            return
        most = whole * self.max_single_stock_ratio
        over = [p for p in reading.positions if _value(p) > most]
        if over:
            said = "、".join(f"{p.code}（{plain(_value(p))} 元）" for p in over)
            raise LimitExceeded(f"单只超过 max_single_stock_ratio（{plain(most)} 元）：{said}")


@dataclass(frozen=True)
class EasyXtConfig:
    """`unused`: sections of the file that mean nothing here (orders, qka and the like); show them to the user."""

    server_url: str
    enabled: bool = True
    use_crypto_auth: bool = True
    client_id: str = "easyxt_client"
    private_key_file: str = ""
    simple_api_key: str = field(default="", repr=False)
    auto_sync: bool = True
    interval_s: float = 30.0
    retry_times: int = 3
    strategies: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    unused: tuple[str, ...] = ()

    def strategy_name(self, name: str) -> str:
        """The server's name of a strategy, its own where the mapping does not name it."""
        return self.strategies.get(name, name)

    def proof(self, token: Callable[[], str] | None = None) -> Proof:
        """How uploads are proven. `token` makes an X-Auth-Token; this package does no RSA. Raises BadConfig."""
        if not self.use_crypto_auth:
            if not self.simple_api_key:
                raise BadConfig("auth_config.simple_api_key 没有填写")
            return ApiKey(self.simple_api_key)
        if token is None:
            raise BadConfig(
                "auth_config.use_crypto_auth 为 true 时要提供生成令牌的函数；"
                "建议改用 API 密钥，或用 v2 的签名上传（gendan_client.Signed）"
            )
        return Token(token)


def read_easyxt_config(content: bytes | str | Mapping[str, Any]) -> EasyXtConfig:
    """Read the file's text, or what was parsed from it. Raises BadConfig, which names the key."""
    data = content if isinstance(content, Mapping) else _parsed(content)
    auth, sync, mapping, risk = (_section(data, name) for name in _SECTIONS)
    known = {"enabled", "server_url", *_SECTIONS}
    return EasyXtConfig(
        server_url=_text(data, "server_url", "http://localhost:5366", ""),
        enabled=_flag(data, "enabled", True, ""),
        use_crypto_auth=_flag(auth, "use_crypto_auth", True, "auth_config."),
        client_id=_text(auth, "client_id", "easyxt_client", "auth_config."),
        private_key_file=_text(auth, "private_key_file", "", "auth_config."),
        simple_api_key=_text(auth, "simple_api_key", "", "auth_config."),
        auto_sync=_flag(sync, "auto_sync", True, "sync_settings."),
        interval_s=_interval(sync),
        retry_times=_tries(sync),
        strategies=_mapping(mapping),
        limits=Limits(
            enabled=_flag(risk, "enable_position_limit_check", False, "risk_control."),
            max_position_value=_above_0(risk, "max_position_value"),
            max_single_stock_ratio=_above_0(risk, "max_single_stock_ratio"),
        ),
        unused=tuple(sorted(str(key) for key in data if key not in known)),
    )


def _parsed(content: bytes | str) -> dict[str, Any]:
    raw = content.encode("utf-8") if isinstance(content, str) else content
    try:
        data = from_json(raw[3:] if raw.startswith(b"\xef\xbb\xbf") else raw)
    except BadAnswer as error:
        raise BadConfig(f"配置文件{error}") from None
    if not isinstance(data, dict):
        raise BadConfig("配置文件应是一个 JSON 对象")
    return data


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name, {})
    if not isinstance(section, Mapping):
        raise BadConfig(f"{name} 应是一个对象")
    return section


def _text(data: Mapping[str, Any], key: str, default: str, place: str) -> str:
    value = data.get(key, default)
    if value is None:
        return default
    if not isinstance(value, str):
        raise BadConfig(f"{place}{key} 应是文字")
    return value


def _flag(data: Mapping[str, Any], key: str, default: bool, place: str) -> bool:
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise BadConfig(f"{place}{key} 应是 true 或 false")
    return value


def _number(data: Mapping[str, Any], key: str, default: Any, place: str) -> Decimal:
    try:
        return decimal_of(data.get(key, default))
    except ValueError as error:
        raise BadConfig(f"{place}{key} {error}") from None


def _interval(sync: Mapping[str, Any]) -> float:
    seconds = _number(sync, "sync_interval", 30, "sync_settings.")
    if seconds <= 0:
        raise BadConfig("sync_settings.sync_interval 应大于 0")
    return max(_MIN_INTERVAL_S, float(seconds))  # as EasyXT does


def _tries(sync: Mapping[str, Any]) -> int:
    tries = _number(sync, "retry_times", 3, "sync_settings.")
    if tries != tries.to_integral_value() or not 1 <= tries <= 100:
        raise BadConfig("sync_settings.retry_times 应是 1 到 100 的整数")
    return int(tries)


def _mapping(section: Mapping[str, Any]) -> Mapping[str, str]:
    for name, other in section.items():
        if not isinstance(other, str) or not other:
            raise BadConfig(f"strategy_mapping.{name} 应是文字")
    names = list(section.values())
    if len(set(names)) != len(names):
        # Each would replace the other's list in turn.
        raise BadConfig("strategy_mapping 里有两个策略指向同一个名字")
    return dict(section)


def _above_0(risk: Mapping[str, Any], key: str) -> Decimal | None:
    if risk.get(key) is None:
        return None
    value = _number(risk, key, None, "risk_control.")
    if value <= 0:
        raise BadConfig(f"risk_control.{key} 应大于 0")
    return value


def _value(position: Position) -> Decimal:
    return position.shares * position.cost
