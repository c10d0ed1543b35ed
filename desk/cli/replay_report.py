"""Shows what came of a replay: tables for a person, one document for a program."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from desk.cli.replay_result import AccountResult, Replayed, Row
from desk.cli.replay_strategy import Oversale
from desk.core.values import Verdict
from desk.journal.values import plain
from desk.texts import replay as texts
from desk.texts.labels import label, money, price_text, table

_FEN = Decimal("0.01")
_MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What was played."""

    file: str
    strategy: str
    bars: bool  # prices came from minute bars, not from the export alone


def _fen(value: Decimal) -> str:
    rounded = value.quantize(_FEN, ROUND_HALF_UP)
    return str(abs(rounded) if rounded == 0 else rounded)


# --- for a program ----------------------------------------------------------------------------------------------------


def document(played: Replayed, facts: Facts) -> dict[str, Any]:
    """The one JSON document; money with two decimals, shares as integers."""
    return {
        "file": facts.file,
        "strategy": facts.strategy,
        "prices": "bars" if facts.bars else "export",
        "first_day": played.rows[0].deal.at.date().isoformat(),
        "last_day": played.rows[-1].deal.at.date().isoformat(),
        "ended_at": played.ended_at.isoformat(),
        "transactions": len(played.rows),
        "followed": played.followed,
        "verdicts": dict(Counter(row.verdict for row in played.rows)),
        "reasons": [
            {"reason": reason, "text": text, "transactions": count, "strategy_value": _fen(value)}
            for reason, text, count, value in _reasons(played.rows)
        ],
        "accounts": [_account(account) for account in played.accounts],
        "books": [_book(book) for book in played.books],
        "oversold": [
            {
                "symbol": one.symbol,
                "shares": one.shares,
                "day": one.day.isoformat(),
                "held": one.held,
                "sold": one.sold,
                "price": plain(one.price),
                "last_day": one.last_day.isoformat() if one.last_day is not None else None,
                "last_price": plain(one.last_price) if one.last_day is not None else None,
                "origin": one.origin.value,
            }
            for one in played.oversales
        ],
        "days": [
            {"day": day.day.isoformat(), "scaled_profit": _fen(day.scaled_profit), "profit": _fen(day.profit)}
            for day in played.days
        ],
        "rows": [_row(row) for row in played.rows],
    }


def _account(found: AccountResult) -> dict[str, Any]:
    return {
        "account": found.account,
        "ratio": plain(found.ratio),
        "profit": _fen(found.profit),
        "scaled_profit": _fen(found.scaled_profit),
        "difference": _fen(found.difference),
        "price_difference": _fen(found.price_difference),
        "fee_difference": _fen(found.fee_difference),
        "share_difference": _fen(found.share_difference),
        "fees": _fen(found.fees),
        "turnover": _fen(found.turnover),
        "orders": found.orders,
    }


def _book(book: dict[str, Any]) -> dict[str, Any]:
    kept = ("account", "symbol", "strategy_shares", "entitled_shares", "own_shares", "debt_shares", "gap")
    return {**{key: book[key] for key in kept}, "residue_shares": plain(residue_of(book))}


def residue_of(book: dict[str, Any]) -> Decimal:
    """Entitled less owned: above 0 what is still to come, below 0 what is too much."""
    return Decimal(book["entitled_shares"]) - int(book["own_shares"])


def _row(row: Row) -> dict[str, Any]:
    deal = row.deal
    return {
        "line": deal.line,
        "at": deal.at.isoformat(),
        "symbol": deal.symbol or deal.security,
        "side": deal.side.value,
        "amount": deal.amount,
        "filled": deal.filled,
        "price": plain(deal.price),
        "verdict": row.verdict,
        "reason": row.reason,
        "reason_text": row.reason_text,
        "filled_shares": row.shares,
        "avg_price": plain((row.value / row.shares).quantize(Decimal("0.0001"))) if row.shares else None,
        "fee": _fen(row.fee),
    }


def _reasons(rows: Sequence[Row]) -> list[tuple[str, str, int, Decimal]]:
    """Why orders were not wholly followed: (code, sentence, orders, their value at JoinQuant), the most first."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.reason is not None:
            found[row.reason, row.reason_text].append(row)
    told = [
        (reason, text, len(these), sum((row.deal.value for row in these), Decimal(0)))
        for (reason, text), these in found.items()
    ]
    return sorted(told, key=lambda one: (-one[2], one[0]))


# --- for a person -----------------------------------------------------------------------------------------------------


def text(played: Replayed, facts: Facts) -> str:
    verdicts = Counter(row.verdict for row in played.rows)
    first, last = played.rows[0].deal.at.date(), played.rows[-1].deal.at.date()
    counted = [[label(verdict), verdicts[verdict.value]] for verdict in Verdict if verdicts[verdict.value]]
    said = [
        texts.heading(facts.file, facts.strategy, first, last, len(played.rows)),
        texts.PRICES_FROM_BARS if facts.bars else texts.PRICES_FROM_EXPORT,
        "",
        table(counted, texts.VERDICTS),
    ]
    reasons = _reasons(played.rows)
    if reasons:
        said += [
            "",
            table([[reason, count, money(value), why] for reason, why, count, value in reasons], texts.REASONS),
        ]
    said += ["", *_undone(played.rows)]
    said += [table([_account_cells(account) for account in played.accounts], texts.ACCOUNTS)]
    said += ["", texts.ARITHMETIC]
    residue = [book for book in played.books if residue_of(book) or book["gap"]]
    if residue:
        said += ["", table([_book_cells(book) for book in residue[:_MOST]], texts.BOOKS), *_more(len(residue))]
    if played.oversales:
        cells = [_oversale_cells(one) for one in played.oversales[:_MOST]]
        said += ["", texts.OVERSOLD, table(cells, texts.OVERSALES), *_more(len(played.oversales))]
    return "\n".join(said)


def _undone(rows: Sequence[Row]) -> list[str]:
    """The first orders of which less was traded than asked."""
    undone = [row for row in rows if row.verdict in (Verdict.REFUSED, Verdict.PARTIAL, Verdict.WORKING)]
    if not undone:
        return []
    cells = [
        [
            row.deal.line, f"{row.deal.at:%Y-%m-%d %H:%M:%S}", row.deal.symbol or row.deal.security,
            label(row.deal.side), row.deal.filled, price_text(row.deal.price), row.shares, row.reason,
        ]
        for row in undone[:_MOST]
    ]  # fmt: skip
    return [table(cells, texts.UNDONE), *_more(len(undone)), ""]


def _more(count: int) -> list[str]:
    return [texts.more(count - _MOST)] if count > _MOST else []


def _account_cells(found: AccountResult) -> list[object]:
    return [
        found.account, f"×{plain(found.ratio)}", found.orders, money(found.turnover), money(found.fees),
        money(found.profit), money(found.scaled_profit), money(found.difference), money(found.price_difference),
        money(found.fee_difference), money(found.share_difference),
    ]  # fmt: skip


def _oversale_cells(one: Oversale) -> list[object]:
    before = ["", ""] if one.last_day is None else [one.last_day, price_text(one.last_price)]
    return [
        one.symbol, one.day, one.held, one.sold, one.shares, price_text(one.price), *before,
        texts.ORIGINS[one.origin.value],
    ]  # fmt: skip


def _book_cells(book: dict[str, Any]) -> list[object]:
    return [
        book["account"], book["symbol"], book["strategy_shares"], _short(Decimal(book["entitled_shares"])),
        book["own_shares"], _short(residue_of(book)), book["debt_shares"], book["gap"],
    ]  # fmt: skip


def _short(shares: Decimal) -> str:
    return plain(shares.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize() + 0)
