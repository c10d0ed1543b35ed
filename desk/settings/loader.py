"""Reads both files into one `Config`, or says everything that is wrong with them at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desk.settings import accounts as accounts_
from desk.settings import strategies as strategies_
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE, parse, read_bytes
from desk.settings.environment import overlay_analysis, overlay_follow
from desk.settings.legacy import upgrade_analysis, upgrade_follow
from desk.settings.model import ChaseConfig, Config, MessengerConfig
from desk.settings.problems import ConfigProblems, Findings
from desk.settings.sections import Part, read_section
from desk.settings.table import Section
from desk.texts import settings as texts

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    config: Config
    notices: tuple[str, ...]  # what is allowed but should be known


def config_folder(home: Path) -> Path:
    return home / "config"


def load(home: Path, env: Mapping[str, str]) -> Config:
    """Read the configuration; raise ConfigProblems with every problem."""
    return read(home, env).config


def read(home: Path, env: Mapping[str, str]) -> Loaded:
    """Read the configuration and what should be known about it; raise ConfigProblems with every problem."""
    findings = Findings()
    follow = read_bytes(config_folder(home) / FOLLOW_FILE, findings)
    analysis = read_bytes(config_folder(home) / ANALYSIS_FILE, findings)
    return examine(follow, analysis, home, env, findings)


def examine(
    follow: bytes | None, analysis: bytes | None, home: Path, env: Mapping[str, str], findings: Findings | None = None
) -> Loaded:
    """Read the two files' bytes; None stands for a file that cannot be read (its problem is in `findings`)."""
    findings = findings if findings is not None else Findings()
    follow_document = parse(follow, FOLLOW_FILE, findings) if follow is not None else None
    analysis_document = parse(analysis, ANALYSIS_FILE, findings) if analysis is not None else None

    analysis_part = follow_part = None
    accounts: list[accounts_.AccountRead] | None = None
    strategies: list[strategies_.StrategyRead] = []
    base = None
    if follow_document is not None:
        follow_document = upgrade_follow(follow_document, findings)
        overlay_follow(follow_document, env, findings)
        follow_part = read_section(follow_document, Section.FOLLOW, FOLLOW_FILE, "", findings)
        base = accounts_.read_limits(follow_document.get("限额"), FOLLOW_FILE, "限额", findings)
    if analysis_document is not None:
        analysis_document = upgrade_analysis(analysis_document, findings)
        overlay_analysis(analysis_document, env, findings)
        analysis_part = read_section(analysis_document, Section.ANALYSIS, ANALYSIS_FILE, "", findings)
        accounts = accounts_.read_accounts(analysis_document.get("账户"), base, home, findings)
    if follow_document is not None and follow_part is not None:
        strategies = strategies_.read_strategies(follow_document.get("策略"), follow_part, accounts, findings)
    if follow_part is not None and analysis_part is not None:
        _across(follow_part, analysis_part, home, findings)
    if findings.problems or follow_part is None or analysis_part is None or accounts is None:
        raise ConfigProblems(findings.problems)

    values = {**follow_part.values, **analysis_part.values}
    for key in ("strategies", "accounts", "limits", "signal_valid_s"):
        values.pop(key, None)
    if values["holidays_file"]:
        values["holidays_file"] = str(home / str(values["holidays_file"]))
    config = Config(
        home=home,
        strategies=tuple(strategies_.build(strategy) for strategy in strategies),
        accounts=tuple(accounts_.build(account) for account in accounts),
        chase=ChaseConfig(**_inner(values, "chase.")),  # type: ignore[arg-type]
        messenger=MessengerConfig(**_inner(values, "messenger.")),  # type: ignore[arg-type]
        version=hashlib.sha256((follow or b"") + b"\0" + (analysis or b"")).hexdigest()[:12],
        **{name: value for name, value in values.items() if "." not in name},  # type: ignore[arg-type]
    )
    for notice in _notices(config):
        findings.notice(notice)
    return Loaded(config=config, notices=tuple(findings.notices))


def _inner(values: dict[str, object], prefix: str) -> dict[str, object]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def _across(follow: Part, analysis: Part, home: Path, findings: Findings) -> None:
    """What the keys at the top must have to do with each other."""
    ports_readable = follow.usable("端口") and analysis.usable("控制台端口")
    if ports_readable and follow.values["listen_port"] == analysis.values["console_port"]:
        findings.problem(ANALYSIS_FILE, "控制台端口", texts.SAME_PORT)
    holidays = analysis.values["holidays_file"]
    if holidays and not (home / str(holidays)).is_file():
        findings.problem(ANALYSIS_FILE, "交易日文件", texts.file_not_found(str(holidays)))


def _notices(config: Config) -> list[str]:
    said = []
    if not config.strategies:
        said.append(texts.NO_STRATEGIES)
    if not config.messenger.tokens:
        said.append(texts.NO_WECOM_TOKEN)
    if not config.public_url:
        said.append(texts.NO_PUBLIC_URL)
    for key, host in (("监听地址", config.listen_host), ("控制台地址", config.console_host)):
        if host not in LOOPBACK:
            said.append(texts.not_loopback(key, host))
    if config.chase.force_sell_after >= config.chase.max_attempts:
        said.append(texts.force_sell_never(config.chase.force_sell_after, config.chase.max_attempts))
    return said + strategies_.notices(config)
