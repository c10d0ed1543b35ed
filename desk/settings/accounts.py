"""Reads 账户 of 分析配置.json and 限额 of both files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from desk.settings.document import ANALYSIS_FILE
from desk.settings.model import AccountConfig, Limits
from desk.settings.problems import Findings
from desk.settings.sections import Part, item_path, place, read_section
from desk.settings.table import Section, row
from desk.texts import settings as texts

RESERVED_NAMES = ("测试", "手动")  # the pseudo-strategies of test-signal and of manual orders
SHADOW = "·模拟"  # the shadow paper account of a real one


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRead:
    """One account as far as it could be read."""

    part: Part
    limits: Limits

    @property
    def name(self) -> str | None:
        return str(self.part.values["name"]) if self.part.usable("名称") else None

    @property
    def channel(self) -> str | None:
        return str(self.part.values["channel"]) if self.part.usable("通道") else None


def read_limits(raw: object, file: str, path: str, findings: Findings, base: Limits | None = None) -> Limits:
    """限额; keys that are given override `base`. Absent or unusable: `base`."""
    base = base if base is not None else Limits()
    part = read_section(raw, Section.LIMITS, file, path, findings) if raw is not None else None
    if part is None:
        return base
    given = {row(Section.LIMITS, key).attribute for key in part.given if part.usable(key)}
    return replace(base, **{name: value for name, value in part.values.items() if name in given})  # type: ignore[arg-type]


def read_accounts(raw: object, base: Limits | None, home: Path, findings: Findings) -> list[AccountRead]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        findings.problem(ANALYSIS_FILE, "账户", texts.SHOULD_BE_LIST)
        return []
    found: list[AccountRead] = []
    for index, item in enumerate(raw):
        path = item_path("账户", index, item)
        part = read_section(item, Section.ACCOUNT, ANALYSIS_FILE, path, findings)
        if part is None:
            continue
        limits = read_limits(item.get("限额"), ANALYSIS_FILE, place(path, "限额"), findings, base)
        account = AccountRead(part=part, limits=limits)
        _check(account, path, home, findings)
        _check_apart(account, found, path, findings)
        found.append(account)
    _check_lines(found, findings)
    return found


def _check(account: AccountRead, path: str, home: Path, findings: Findings) -> None:
    part, channel = account.part, account.channel

    def problem(key: str, text: str) -> None:
        if part.usable(key):
            findings.problem(ANALYSIS_FILE, place(path, key), text)

    if account.name is not None and account.name.endswith(SHADOW):
        problem("名称", texts.RESERVED_ACCOUNT)
    if channel in ("miniqmt", "bigqmt"):
        if part.values["always_open"]:
            problem("全天交易", texts.ALWAYS_OPEN_NOT_PAPER)
        if not part.values["qmt_account"]:
            problem("qmt账户", texts.QMT_ACCOUNT_NEEDED)
        if channel == "miniqmt" and not part.values["qmt_path"]:
            problem("qmt路径", texts.QMT_PATH_NEEDED)
        if "行情" in part.given and part.values["feed"] != "通道" and part.usable("行情"):
            findings.notice(texts.feed_ignored(account.name or ""))
        part.values["feed"], part.values["feed_file"] = "通道", ""
        if channel != "miniqmt" and part.values["xtquant_path"]:
            findings.notice(texts.library_path_ignored(account.name or ""))
    elif part.values["feed"] == "文件" and part.usable("行情文件"):
        feed_file = str(part.values["feed_file"])
        if not feed_file:
            problem("行情文件", texts.FEED_FILE_NEEDED)
        elif not (home / feed_file).is_file():
            problem("行情文件", texts.file_not_found(feed_file))
        else:
            part.values["feed_file"] = str(home / feed_file)


def _check_apart(account: AccountRead, others: Sequence[AccountRead], path: str, findings: Findings) -> None:
    for other in others:
        if account.name is not None and account.name == other.name:
            findings.problem(ANALYSIS_FILE, place(path, "名称"), texts.used_twice("名称", account.name))
        mine, theirs = account.part.values["qmt_account"], other.part.values["qmt_account"]
        if mine and mine == theirs and "paper" not in (account.channel, other.channel):
            findings.problem(ANALYSIS_FILE, place(path, "qmt账户"), texts.same_broker_account(other.name or ""))


def _check_lines(accounts: Sequence[AccountRead], findings: Findings) -> None:
    """What the accounts share: one library in a process, and quotes that come over some account's line."""
    lines = [account for account in accounts if account.channel == "miniqmt"]
    for account in lines[1:]:
        if account.part.values["xtquant_path"] != lines[0].part.values["xtquant_path"]:
            findings.problem(ANALYSIS_FILE, "账户", texts.one_library(lines[0].name or "", account.name or ""))
    if lines or any(account.channel is None for account in accounts):
        return
    for account in accounts:
        if account.channel == "paper" and account.part.values["feed"] == "通道" and account.part.usable("行情"):
            findings.problem(ANALYSIS_FILE, "账户", texts.no_line_for_feed(account.name or ""))


def build(account: AccountRead) -> AccountConfig:
    values = {key: value for key, value in account.part.values.items() if key != "limits"}
    return AccountConfig(limits=account.limits, **values)  # type: ignore[arg-type]
