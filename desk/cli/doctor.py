"""The self-test: what stands between this PC and a day of trading, each with how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from desk.calendar import BadCalendar, TradingCalendar
from desk.cli import doctor_terminals
from desk.cli.findings import BAD, GOOD, WARN, Finding
from desk.cli.home import RECEIVER, TRADER, Home
from desk.cli.probing import Heard, probe
from desk.cli.terminals import MINIQMT
from desk.clock import Clock, pause
from desk.core.config import Config
from desk.core.probe import probe_key
from desk.core.values import Mode
from desk.journal import FILE_NAME, Journal, JournalError, views
from desk.journal.history import check_history
from desk.serving import CannotListen, PortOccupied, listen_on
from desk.settings.problems import ConfigProblems
from desk.texts import doctor as texts
from desk.texts import settings as settings_texts
from desk.texts.system import because

_WATCHED_S = 0.3
_DRIFT_S = 0.05
_SYNCS = 5
_SLOW_SYNC_S = 0.1
_LOW_DISK = 1_000_000_000
_OLDEST, _NEWEST = (3, 11), (3, 13)


def examine(home: Path, clock: Clock, env: Mapping[str, str], order_test: str = "") -> Iterator[Finding]:
    """Look at everything, one finding after the other; nothing is changed but a probe file in data/.

    `order_test`: a symbol that a real order far from the market is sent for, and cancelled, on every terminal account.
    """
    place = Home(home)
    yield _python()
    config = None
    try:
        loaded = place.read()
    except ConfigProblems as error:
        for problem in error.problems:
            yield Finding(name="配置", state=BAD, text=str(problem), mend=texts.MEND_CONFIG)
    else:
        config = loaded.config
        yield Finding(name="配置", state=GOOD, text=texts.config_good(len(config.strategies), len(config.accounts)))
        for notice in loaded.notices:
            if notice in (settings_texts.NO_WECOM_TOKEN, settings_texts.NO_PUBLIC_URL):
                continue  # said below, with what to do
            yield Finding(name="配置", state=WARN, text=notice)
    yield _clock(clock)
    yield from _disk(place, clock)
    if config is None:
        return
    yield from _port(place, config, clock)
    yield from _journal(place, config, clock)
    yield from _accounts(config)
    yield from doctor_terminals.examine(place, config, clock, env, order_test)
    yield from _calendar(place, config, clock)
    yield _robots(config)
    yield _tunnel(place, config, clock)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if _OLDEST <= sys.version_info[:2] <= _NEWEST:
        return Finding(name="Python", state=GOOD, text=version)
    return Finding(name="Python", state=WARN, text=version, mend=texts.MEND_PYTHON)


def _clock(clock: Clock) -> Finding:
    """Wall and monotonic time must pass alike; whether the wall clock is right cannot be known without a network."""
    wall, steady = clock.now(), clock.monotonic()
    pause(_WATCHED_S)
    drift = abs((clock.now() - wall).total_seconds() - (clock.monotonic() - steady))
    said = texts.clock_said(clock.now())
    if drift > _DRIFT_S:
        return Finding(name="时钟", state=BAD, text=texts.clock_drifts(drift), mend=texts.MEND_CLOCK)
    return Finding(name="时钟", state=GOOD, text=said)


def _disk(place: Home, clock: Clock) -> Iterator[Finding]:
    probe = place.data / ".自检"
    try:
        place.data.mkdir(parents=True, exist_ok=True)
        times = []
        with probe.open("wb") as file:
            for _ in range(_SYNCS):
                begun = clock.monotonic()
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
                times.append(clock.monotonic() - begun)
        probe.unlink()
        free = shutil.disk_usage(place.data).free
    except OSError as error:
        text = texts.disk_unusable(place.data, because(error))
        yield Finding(name="磁盘", state=BAD, text=text, mend=texts.MEND_FOLDER)
        return
    low = free < _LOW_DISK
    yield Finding(
        name="磁盘", state=BAD if low else GOOD, text=texts.disk_free(free), mend=texts.MEND_DISK if low else ""
    )
    slow = median(times) > _SLOW_SYNC_S
    yield Finding(
        name="落盘", state=WARN if slow else GOOD, text=texts.sync_took(median(times)),
        mend=texts.MEND_SLOW if slow else "",
    )  # fmt: skip


def _port(place: Home, config: Config, clock: Clock) -> Iterator[Finding]:
    where = f"{config.listen_host}:{config.listen_port}"
    if place.runs(RECEIVER):
        heard = probe(f"http://{where}", _key(config) or b"", clock)
        if heard is Heard.OURS or (heard is Heard.STRANGER and _key(config) is None):
            yield Finding(name="端口", state=GOOD, text=texts.receiving(where))
        else:
            yield Finding(name="端口", state=BAD, text=texts.not_answering(where), mend=texts.MEND_RESTART)
        return
    try:
        listen_on(config.listen_host, config.listen_port).close()
        yield Finding(name="端口", state=GOOD, text=texts.port_free(where))
    except PortOccupied:
        yield Finding(name="端口", state=BAD, text=texts.port_taken(where), mend=texts.MEND_PORT)
    except CannotListen as error:
        yield Finding(name="端口", state=BAD, text=texts.cannot_listen(where, error.why), mend=texts.MEND_PORT)


def _journal(place: Home, config: Config, clock: Clock) -> Iterator[Finding]:
    file = place.data / FILE_NAME
    if not config.database and not file.exists():
        yield Finding(name="账本", state=GOOD, text=texts.JOURNAL_NEW)
        return
    try:
        if not config.database and not place.runs(TRADER) and not place.runs(RECEIVER):
            Journal.open(file, clock=clock).close()  # looks for damage, which reading alone does not
        with place.look(config, clock) as journal:
            problems = check_history(journal)
            last = views.signals(journal, limit=1)
    except JournalError as error:
        yield Finding(name="账本", state=BAD, text=str(error), mend=texts.MEND_JOURNAL)
        return
    for problem in problems:
        yield Finding(name="账本", state=BAD, text=problem, mend=texts.MEND_HISTORY)
    if not problems:
        yield Finding(name="账本", state=GOOD, text=texts.JOURNAL_GOOD)
    if last and datetime.fromisoformat(last[0]["received_at"]) > clock.now():
        yield Finding(name="时钟", state=BAD, text=texts.CLOCK_BEHIND, mend=texts.MEND_CLOCK)


def _accounts(config: Config) -> Iterator[Finding]:
    if not config.accounts:
        yield Finding(name="账户", state=BAD, text=texts.NO_ACCOUNTS, mend=texts.MEND_ACCOUNTS)
    for account in config.accounts:
        real = any(
            share.account == account.name for s in config.strategies if s.mode is not Mode.PAPER for share in s.accounts
        )
        if account.channel == "paper":
            yield Finding(name="账户", state=GOOD, text=texts.paper_account(account.name))
        elif account.channel != MINIQMT:
            text = texts.channel_later(account.name, account.channel)
            yield Finding(name="账户", state=BAD if real else WARN, text=text, mend=texts.MEND_CHANNEL if real else "")


def _calendar(place: Home, config: Config, clock: Clock) -> Iterator[Finding]:
    try:
        calendar = TradingCalendar.load(place.path, config.holidays_file)
    except BadCalendar as error:
        yield Finding(name="交易日历", state=BAD, text=str(error), mend=texts.MEND_CALENDAR)
        return
    warnings = calendar.warnings(clock.now().date())
    state = WARN if warnings else GOOD
    text = warnings[0] if warnings else texts.calendar_until(calendar.known_until)
    yield Finding(name="交易日历", state=state, text=text, mend=texts.MEND_CALENDAR if warnings else "")


def _robots(config: Config) -> Finding:
    count = len(config.messenger.tokens)
    if count:
        return Finding(name="企业微信", state=GOOD, text=texts.robots(count))
    return Finding(name="企业微信", state=WARN, text=texts.NO_ROBOTS, mend=texts.MEND_ROBOTS)


def _key(config: Config) -> bytes | None:
    return probe_key(strategy.secret for strategy in config.strategies)


def _tunnel(place: Home, config: Config, clock: Clock) -> Finding:
    if not config.public_url:
        return Finding(name="隧道", state=WARN, text=texts.NO_TUNNEL, mend=texts.MEND_NO_TUNNEL)
    where = urlsplit(config.public_url)
    shown = f"{where.scheme}://{where.hostname}" + (f":{where.port}" if where.port else "")
    if not place.runs(RECEIVER):
        return Finding(name="隧道", state=WARN, text=texts.tunnel_unknown(shown), mend=texts.MEND_TUNNEL_UNKNOWN)
    key = _key(config)
    if key is None:
        return Finding(name="隧道", state=WARN, text=texts.tunnel_unproven(shown), mend=texts.MEND_TUNNEL_UNPROVEN)
    heard = probe(config.public_url, key, clock)
    if heard is Heard.OURS:
        return Finding(name="隧道", state=GOOD, text=texts.tunnel_good(shown))
    text = texts.tunnel_bad(shown) if heard is Heard.NOBODY else texts.tunnel_strange(shown)
    return Finding(name="隧道", state=BAD, text=text, mend=texts.MEND_TUNNEL)
