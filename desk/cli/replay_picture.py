"""What came of a replay, put together for its picture."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

from desk.cli.replay_report import Facts, residue_of
from desk.cli.replay_result import Replayed
from desk.journal.values import plain
from desk.pictures.replay import Bar, ReplaySheet, draw
from desk.texts import replay as texts

_MOST = 7
_NONE = Decimal(0)
_FEN = Decimal("0.01")


def picture(played: Replayed, facts: Facts) -> bytes:
    """Give the PNG. Raises NoChineseFont."""
    return draw(sheet_of(played, facts))


def sheet_of(played: Replayed, facts: Facts) -> ReplaySheet:
    accounts = played.accounts
    fees = sum((account.fees for account in accounts), _NONE)
    turnover = sum((account.turnover for account in accounts), _NONE)
    sources = (
        (texts.DRAWN_PRICE, sum((account.price_difference for account in accounts), _NONE)),
        (texts.DRAWN_FEE, sum((account.fee_difference for account in accounts), _NONE)),
        (texts.DRAWN_SHARES, sum((account.share_difference for account in accounts), _NONE)),
        (texts.DRAWN_WHOLE, sum((account.difference for account in accounts), _NONE)),
    )
    first, last = played.rows[0].deal.at.date(), played.rows[-1].deal.at.date()
    return ReplaySheet(
        title=texts.heading(facts.file, facts.strategy, first, last, len(played.rows)).rstrip("。"),
        subtitle=texts.drawn_below(played.followed, [(a.account, plain(a.ratio)) for a in accounts], facts.bars),
        days=[day.day for day in played.days],
        ours=[_fen(day.profit) for day in played.days],
        theirs=[_fen(day.scaled_profit) for day in played.days],
        sources=[(name, _fen(value)) for name, value in sources],
        costs=texts.drawn_costs(fees, turnover),
        reasons=_reasons(played),
        residue=_residue(played),
    )


def _fen(value: Decimal) -> float:
    return float(value.quantize(_FEN, ROUND_HALF_UP))


def _reasons(played: Replayed) -> list[Bar]:
    counted = Counter(row.reason for row in played.rows if row.reason is not None)
    most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    rest = sum(count for _, count in most[_MOST:])
    return [(reason, float(count)) for reason, count in most[:_MOST]] + ([(texts.DRAWN_REST, rest)] if rest else [])


def _residue(played: Replayed) -> list[Bar]:
    """The books that are farthest from what they are entitled to, in shares: above 0 what is still to come."""
    found = [(book["symbol"], float(residue_of(book))) for book in played.books]
    return sorted([one for one in found if one[1]], key=lambda one: (-abs(one[1]), one[0]))[:_MOST]
