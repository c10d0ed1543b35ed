"""Counts what the summary, the self-check and `status` say, from the journal's views and the configuration."""

from __future__ import annotations

import platform
import shutil
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from desk.calendar import BadCalendar, TradingCalendar
from desk.cli import VERSION, installation, tunnel
from desk.cli.home import RECEIVER, TRADER, Home
from desk.cli.line_watch import FLAG, RETRY, LineState
from desk.cli.parts import paper_accounts
from desk.cli.terminals import accounts_at_terminals
from desk.core.config import Config
from desk.core.values import Mode, Reason, Side, Verdict
from desk.journal import Journal, views
from desk.journal.schema import HEAD
from desk.journal.view_books import books
from desk.journal.view_counts import funnel, status_counts
from desk.journal.view_told import outcome
from desk.settings.kinds import number_text
from desk.texts import terminals as terminal_texts
from desk.texts.summaries import AccountLine, Difference, NotDone, SelfCheckFacts, StrategyLine, SummaryFacts

_GRAVITY = (Mode.PAPER, Mode.CONFIRM, Mode.LIVE)
_ASKED = ("order", "cancel")


def status(journal: Journal, config: Config, home: Home) -> dict[str, Any]:
    """The `status` view of the contract, with a few fields beside it."""
    counts = status_counts(journal)
    lease = journal.lease()
    running = home.runs(TRADER)
    heard = counts["strategies"]
    halt = halted(journal, counts["flags"])
    return {
        "running": running,
        "receiving": home.runs(RECEIVER),
        "pid": lease.pid if lease is not None and running else None,
        "started_at": lease.started_at.isoformat() if lease is not None and running else None,
        "mode": gravest_mode(config).value,
        "halted": halt is not None,
        "halted_reason": halt,
        "accounts": _accounts(counts, config, running),
        "strategies": [
            {
                "name": strategy.name,
                "kid": strategy.kid,
                "enabled": strategy.enabled,
                "mode": strategy.mode.value,
                "accounts": [
                    {"account": share.account, "ratio": number_text(share.ratio)} for share in strategy.accounts
                ],
                "no_trade_band": number_text(strategy.no_trade_band),
                "value_limit": number_text(strategy.value_limit) if strategy.value_limit is not None else None,
                "symbol_weight": number_text(strategy.symbol_weight) if strategy.symbol_weight is not None else None,
                "last_signal_at": heard.get(strategy.name, {}).get("last_signal_at"),
                "last_seq": heard.get(strategy.name, {}).get("last_seq", 0),
                "gaps": heard.get(strategy.name, {}).get("gaps", []),
            }
            for strategy in config.strategies
        ],
        "pending_signals": counts["pending_signals"],
        "open_orders": counts["open_orders"],
        "in_doubt_orders": counts["in_doubt_orders"],
        "waiting_approval": counts["waiting_approval"],
        "outbox_pending": counts["outbox_pending"],
        "tunnel": tunnel_state(counts["flags"], config) if running else tunnel.UNKNOWN,
        "tunnel_at": counts["flags"].get(tunnel.AT) if running and config.public_url else None,
        "versions": {
            "gendan": VERSION,
            "config": config.version,
            "journal": HEAD,
            "python": platform.python_version(),
        },
    }


def tunnel_state(flags: dict[str, str], config: Config) -> str:
    """What the daemon's last probe of the public address said: on | off | unknown."""
    return flags.get(tunnel.FLAG, tunnel.UNKNOWN) if config.public_url else tunnel.UNKNOWN


def gravest_mode(config: Config) -> Mode:
    """The mode of the enabled strategy with which most is at stake."""
    return max((s.mode for s in config.strategies if s.enabled), key=_GRAVITY.index, default=Mode.PAPER)


def halted(journal: Journal, flags: dict[str, str]) -> str | None:
    """Why trading is halted, None if it is not; a halt that no daemon has read yet counts."""
    reason = flags.get("halted")
    for command in journal.pending_commands():
        if command.verb == "halt":
            reason = command.args.get("reason") or "-"
        elif command.verb == "unhalt":
            reason = None
    return reason


def accounts(journal: Journal) -> list[dict[str, Any]]:
    """The accounts as last seen."""
    found: list[dict[str, Any]] = status_counts(journal)["accounts"]
    return found


def _accounts(counts: dict[str, Any], config: Config, running: bool) -> list[dict[str, Any]]:
    """The configured accounts and their shadows as last seen; `connected` holds only while a daemon runs.

    `trouble` says why an account cannot be used just now, `retry_at` when it is tried again.
    """
    found = {row["name"]: row for row in counts["accounts"]}
    lines = {key.removeprefix(FLAG): said for key, said in counts["flags"].items() if key.startswith(FLAG)}
    if not running:
        lines = {account.name: installation.missing(account) for account in accounts_at_terminals(config)}
    listed = {account.name: account.channel for account in config.accounts}
    listed |= {account.name: account.channel for account in paper_accounts(config)}
    empty = {"connected": False, "total_asset": None, "cash": None, "market_value": None, "at": None}
    rows = []
    for name, channel in listed.items():
        row = {"name": name, "channel": channel, **empty, **found.get(name, {})}
        trouble = lines.get(name, "")
        retry_at = counts["flags"].get(RETRY + name) if running and trouble else None
        connected = bool(row["connected"]) and running and not trouble
        rows.append({**row, "connected": connected, "trouble": trouble, "retry_at": retry_at})
    return rows


# --- the day's summary ------------------------------------------------------------------------------------------------


def summary(journal: Journal, config: Config, *, at: datetime, day: date) -> SummaryFacts:
    counts, day_counts = status_counts(journal), funnel(journal, day)
    signals = [s for s in views.signals(journal, day_from=day, day_to=day) if s["kind"] in _ASKED]
    verdicts: dict[Verdict, int] = defaultdict(int)
    for signal in signals:
        verdicts[Verdict(signal["verdict"])] += 1
    return SummaryFacts(
        at=at,
        day=day,
        signals=len(signals),
        verdicts=verdicts,
        orders=day_counts["orders"],
        fills=day_counts["fills"],
        bought=Decimal(day_counts["bought"]),
        sold=Decimal(day_counts["sold"]),
        fees=Decimal(day_counts["fees"]),
        strategies=_strategy_lines(journal, config, signals, day),
        accounts=account_lines(counts),
        not_done=_not_done(signals),
        differences=_differences(journal),
        gaps=[gap["text"] for one in counts["strategies"].values() for gap in one["gaps"]],
        in_doubt_orders=counts["in_doubt_orders"],
        lost_messages=sum(
            any(outcome(delivery) == "dead" for delivery in told.deliveries)
            for told in journal.outbox_list(500)
            if told.message.at.date() == day
        ),
    )


def _strategy_lines(journal: Journal, config: Config, signals: list[dict[str, Any]], day: date) -> list[StrategyLine]:
    orders = views.orders(journal, day_from=day, day_to=day)
    owner = {order["client_order_id"]: order["strategy"] for order in orders}
    turnover: dict[tuple[str, Side], Decimal] = defaultdict(Decimal)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for fill in views.fills(journal, day_from=day, day_to=day):
        name = owner.get(fill["client_order_id"], "")
        turnover[name, Side(fill["side"])] += fill["shares"] * Decimal(fill["price"])
        fees[name] += Decimal(fill["fee"])
    lines = []
    for strategy in config.strategies:
        mine = [signal for signal in signals if signal["strategy"] == strategy.name]
        lines.append(
            StrategyLine(
                name=strategy.name,
                mode=strategy.mode,
                enabled=strategy.enabled,
                signals=len(mine),
                orders=sum(order["strategy"] == strategy.name for order in orders),
                bought=turnover[strategy.name, Side.BUY],
                sold=turnover[strategy.name, Side.SELL],
                fees=fees[strategy.name],
                last_signal_at=datetime.fromisoformat(mine[-1]["received_at"]) if mine else None,
            )
        )
    return lines


def account_lines(
    counts: dict[str, Any], troubles: Mapping[str, str] | None = None, notes: Mapping[str, str] | None = None
) -> list[AccountLine]:
    """`troubles`: what is wrong with some lines just now; of the others it is what was last written."""
    written = {key.removeprefix(FLAG): said for key, said in counts["flags"].items() if key.startswith(FLAG)}
    troubles = {**written, **(troubles or {})}
    return [
        AccountLine(
            name=row["name"],
            connected=row["connected"] and not troubles.get(row["name"]),
            channel=row["channel"],
            total_asset=Decimal(row["total_asset"]),
            cash=Decimal(row["cash"]),
            market_value=Decimal(row["market_value"]),
            note=(notes or {}).get(row["name"], ""),
        )
        for row in counts["accounts"]
    ]


def _not_done(signals: list[dict[str, Any]]) -> list[NotDone]:
    return [
        NotDone(
            strategy=signal["strategy"],
            symbol=signal["symbol"],
            side=Side(signal["side"]) if signal["side"] else None,
            shares=max(0, signal["ordered_shares"] - signal["filled_shares"]),
            reason=Reason(signal["reason"]),
        )
        for signal in signals
        if signal["verdict"] in (Verdict.REFUSED, Verdict.PARTIAL) and signal["reason"]
    ]


def _differences(journal: Journal) -> list[Difference]:
    return [
        Difference(
            strategy=book["strategy"],
            account=book["account"],
            symbol=book["symbol"],
            target=book["target_shares"],
            own=book["own_shares"],
            cause=book["gap"] or "",
        )
        for book in books(journal)
        if book["target_shares"] != book["own_shares"] and not book["in_flight_shares"] and not book["pending_shares"]
    ]


# --- the morning's self-check -----------------------------------------------------------------------------------------


def self_check(
    journal: Journal, config: Config, home: Home, *, at: datetime, lines: Mapping[str, LineState] | None = None
) -> SelfCheckFacts:
    """`lines`: how the accounts at terminals stand."""
    counts = status_counts(journal)
    enabled = [strategy for strategy in config.strategies if strategy.enabled]
    always = all(account.always_open for account in config.accounts)
    problems: list[str] = []
    calendar = None
    try:
        calendar = TradingCalendar.load(home.path, config.holidays_file)
    except BadCalendar as error:
        problems.append(str(error))
    trading_day = True if always else calendar.is_trading_day(at.date()) if calendar is not None else None
    notes: dict[str, str] = {}
    seen = {row["name"] for row in counts["accounts"]}
    for account, line in (lines or {}).items():
        notes[account] = line.trouble or (terminal_texts.quotes_said(line.quotes.age_s) if line.quotes.answers else "")
        if line.trouble and account not in seen:  # one that was seen before stands among the accounts
            problems.append(terminal_texts.no_line(account, line.trouble))
        if not line.trouble and not line.quotes.answers and trading_day:
            problems.append(terminal_texts.no_quotes(account))
    return SelfCheckFacts(
        at=at,
        version=VERSION,
        trading_day=trading_day,
        strategies_enabled=len(enabled),
        strategies_live=sum(strategy.mode is Mode.LIVE for strategy in enabled),
        accounts=account_lines(counts, {a: one.trouble for a, one in (lines or {}).items()}, notes),
        tunnel=tunnel_state(counts["flags"], config),
        disk_free_bytes=shutil.disk_usage(home.data).free,
        halted=halted(journal, counts["flags"]) is not None,
        in_doubt_orders=counts["in_doubt_orders"],
        waiting_approval=counts["waiting_approval"],
        debts=sum(book["debt_shares"] > 0 for book in books(journal)),
        outbox_pending=counts["outbox_pending"],
        calendar_until=None if always or calendar is None else calendar.known_until,
        problems=problems,
    )
