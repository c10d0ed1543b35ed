"""`reconcile`: what the books say against what the accounts hold, symbol by symbol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.texts.labels import table


def differences(journal: Journal) -> list[dict[str, Any]]:
    """Every account and symbol that a book or the account knows; `state`: agrees | foreign | missing."""
    own: dict[tuple[str, str], int] = defaultdict(int)
    frozen: dict[tuple[str, str], str] = {}
    for book in books(journal):
        key = (book["account"], book["symbol"])
        own[key] += book["own_shares"]
        if book["frozen"]:
            frozen[key] = book["frozen"]
    held = {(row["account"], row["symbol"]): row["shares"] for row in views.positions(journal)}
    rows = []
    for account, symbol in sorted({key for key in {*own, *held} if own.get(key) or held.get(key)}):
        ours, theirs = own.get((account, symbol), 0), held.get((account, symbol), 0)
        state = "agrees" if ours == theirs else "foreign" if theirs > ours else "missing"
        rows.append(
            {
                "account": account,
                "symbol": symbol,
                "own_shares": ours,
                "account_shares": theirs,
                "difference": theirs - ours,
                "state": state,
                "frozen": frozen.get((account, symbol)),
            }
        )
    return rows


STATES = {"agrees": "一致", "foreign": "账户里多出（手工持仓）", "missing": "账户里少了"}


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    cells = [
        [row["account"], row["symbol"], row["own_shares"], row["account_shares"], row["difference"],
         STATES[row["state"]], row["frozen"]]
        for row in rows
    ]  # fmt: skip
    return table(cells, ["账户", "代码", "各策略合计", "账户持有", "相差", "结论", "冻结"])
