"""Reads 策略 of 聚宽跟单设置.json and checks each against the accounts and against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from desk.core.values import Mode, Scaling
from desk.settings.accounts import RESERVED_NAMES, AccountRead
from desk.settings.document import FOLLOW_FILE, clean
from desk.settings.kinds import number_text
from desk.settings.model import AccountShare, Config, StrategyConfig
from desk.settings.problems import Findings
from desk.settings.sections import Part, item_path, place, read_section
from desk.settings.table import Section, closest, row
from desk.texts import settings as texts

_OF_A_SHARE = ("ratio", "scaling", "capital", "per_order")


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyRead:
    """One strategy as far as it could be read."""

    part: Part
    shares: tuple[AccountShare, ...]

    def word(self, key: str) -> str | None:
        """A text of this strategy; None where it is absent or could not be read."""
        value = self.part.values.get(row(Section.STRATEGY, key).attribute)
        return str(value) if value and self.part.usable(key) else None


def read_strategies(
    raw: object, top: Part, accounts: Sequence[AccountRead] | None, findings: Findings
) -> list[StrategyRead]:
    """`accounts` is None where 分析配置.json could not be read: then account names are not checked."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        findings.problem(FOLLOW_FILE, "策略", texts.SHOULD_BE_LIST)
        return []
    if raw and accounts is not None and not accounts:
        findings.problem(FOLLOW_FILE, "策略", texts.NO_ACCOUNTS)
        accounts = None
    found: list[StrategyRead] = []
    for index, item in enumerate(raw):
        path = item_path("策略", index, item)
        part = read_section(item, Section.STRATEGY, FOLLOW_FILE, path, findings)
        if part is None:
            continue
        part.values.setdefault("signal_valid_s", top.values["signal_valid_s"])
        shares = _shares(item.get("账户"), part, accounts, path, findings)
        strategy = StrategyRead(part=part, shares=shares)
        _check(strategy, accounts, path, findings)
        _check_apart(strategy, found, path, findings)
        found.append(strategy)
    return found


def _shares(
    raw: object, part: Part, accounts: Sequence[AccountRead] | None, path: str, findings: Findings
) -> tuple[AccountShare, ...]:
    """Who follows, with which ratio."""
    here = place(path, "账户")
    names = [account.name for account in accounts or () if account.name is not None]
    if raw in (None, ""):
        if accounts is not None and len(accounts) > 1:
            findings.problem(FOLLOW_FILE, here, texts.ACCOUNT_NOT_SAID)
        return tuple(_checked(_share(name, part.values, {}), part, path, findings) for name in names[:1])
    if isinstance(raw, list) and not raw:
        findings.problem(FOLLOW_FILE, here, texts.NO_SHARES)
    items = raw if isinstance(raw, list) else [{"账户": raw}]
    shares: list[AccountShare] = []
    for raw_item in items:
        item = {"账户": raw_item} if isinstance(raw_item, str) else raw_item
        one = read_section(item, Section.SHARE, FOLLOW_FILE, here, findings)
        if one is None or not one.usable("账户"):
            continue
        name = str(one.values["account"])
        if accounts is not None and name not in names:
            near = closest(name, names)
            findings.problem(FOLLOW_FILE, here, texts.unknown_account(clean(name), names, near))
        if any(share.account == name for share in shares):
            findings.problem(FOLLOW_FILE, here, texts.used_twice("账户", clean(name)))
        shares.append(_checked(_share(name, part.values, one.values), part, path, findings))
    return tuple(shares)


def _share(name: str, above: Mapping[str, Any], own: Mapping[str, Any]) -> AccountShare:
    """One account's part: what it does not say itself, the strategy says."""
    values = {key: own.get(key, above[key]) for key in _OF_A_SHARE}
    return AccountShare(account=name, **{**values, "ratio": Decimal(str(values["ratio"]))})


def _checked(share: AccountShare, part: Part, path: str, findings: Findings) -> AccountShare:
    if share.scaling is Scaling.CAPITAL and share.capital is None and part.usable("资金"):
        findings.problem(FOLLOW_FILE, place(path, "资金"), texts.NO_CAPITAL)
    if share.scaling is Scaling.PER_ORDER and share.per_order is None and part.usable("每单金额"):
        findings.problem(FOLLOW_FILE, place(path, "每单金额"), texts.NO_PER_ORDER)
    if share.scaling is Scaling.PER_ORDER and share.capital is None and part.values.get("symbol_weight") is not None:
        findings.problem(FOLLOW_FILE, place(path, "单票权重"), texts.NO_MONEY_TO_WEIGH)
    return share


def _check(strategy: StrategyRead, accounts: Sequence[AccountRead] | None, path: str, findings: Findings) -> None:
    part = strategy.part
    if strategy.word("名称") in RESERVED_NAMES:
        findings.problem(FOLLOW_FILE, place(path, "名称"), texts.RESERVED_NAME)
    if part.values.get("v1_until") is not None and not part.values["v1_token"] and part.usable("解码令牌"):
        findings.problem(FOLLOW_FILE, place(path, "解码令牌"), texts.V1_NEEDS_TOKEN)
    deaf = not part.values["secret"] and part.values.get("v1_until") is None
    if deaf and part.usable("密钥") and part.usable("允许旧协议"):
        if "密钥" in part.given:  # left empty on purpose, as the older form's upgrade does
            findings.notice(texts.cannot_hear(strategy.word("名称") or ""))
        elif part.values["enabled"]:
            findings.problem(FOLLOW_FILE, place(path, "密钥"), texts.NO_SECRET)
    if part.values["allow_backtest"]:
        real = {account.name for account in accounts or () if account.channel != "paper"}
        if any(share.account in real for share in strategy.shares):
            findings.problem(FOLLOW_FILE, place(path, "允许回测"), texts.BACKTEST_NOT_PAPER)


def _check_apart(strategy: StrategyRead, others: Sequence[StrategyRead], path: str, findings: Findings) -> None:
    name, kid = strategy.word("名称"), strategy.word("标识")
    for other in others:
        label = clean(other.word("名称") or "")
        if name is not None and name == other.word("名称"):
            findings.problem(FOLLOW_FILE, place(path, "名称"), texts.used_twice("名称", clean(name)))
        if kid is not None and kid == other.word("标识"):
            findings.problem(FOLLOW_FILE, place(path, "标识"), texts.used_twice("标识", kid))
        elif kid is not None and kid.casefold() == (other.word("标识") or "").casefold():
            findings.problem(FOLLOW_FILE, place(path, "标识"), texts.kid_differs_by_case(kid))
        if strategy.word("密钥") is not None and strategy.word("密钥") == other.word("密钥"):
            findings.problem(FOLLOW_FILE, place(path, "密钥"), texts.same_secret("密钥", label))
        if strategy.word("解码令牌") is not None and strategy.word("解码令牌") == other.word("解码令牌"):
            findings.problem(FOLLOW_FILE, place(path, "解码令牌"), texts.same_token(label))


def build(strategy: StrategyRead) -> StrategyConfig:
    values = {key: value for key, value in strategy.part.values.items() if key not in (*_OF_A_SHARE, "accounts")}
    return StrategyConfig(accounts=strategy.shares, **values)  # type: ignore[arg-type]


def notices(config: Config) -> list[str]:
    """What is allowed but should be known about the strategies."""
    said = []
    for strategy in config.strategies:
        if strategy.v1_until is not None:
            said.append(texts.v1_is_on(strategy.name, strategy.v1_until.isoformat()))
        for share in strategy.accounts:
            if share.ratio > 1:
                said.append(texts.ratio_above_one(strategy.name, share.account, number_text(share.ratio)))
        real = {account.name for account in config.accounts if account.channel != "paper"}
        if strategy.mode is not Mode.PAPER and any(share.account in real for share in strategy.accounts):
            said.append(texts.live_mode(strategy.name, strategy.mode.value))
        if not strategy.enabled:
            said.append(texts.disabled(strategy.name))
    return said
