"""JoinQuant's transactions exports (transaction.csv), as the site writes them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

COLUMNS = (
    "日期", "委托时间", "品种", "标的", "交易类型", "下单类型", "成交数量", "成交价", "成交额", "委托数量", "委托价格",
    "平仓盈亏", "手续费", "状态", "最后更新时间",
)  # fmt: skip


def export_line(
    at: str,
    security: str,
    side: str,
    shares: int,
    price: str,
    *,
    fee: str = "5",
    limit: str = "",
    status: str = "全部成交",
    ended: str = "",
) -> str:
    """One order; sells stand below 0, and of what was never filled the site tells hardly anything."""
    day, _, clock = at.partition(" ")
    sign = "-" if side == "卖" else ""
    filled = shares if status == "全部成交" else 0
    counted = [
        f"{sign}{filled}股" if filled else "",
        price if filled else "",
        f"{sign}{filled * Decimal(price)}" if filled else "",
        f"{sign}{shares}股" if shares else "",
    ]
    kind = "限价单" if limit else "市价单"
    cells = [day, clock, "股票", f"某股({security})", side, kind, *counted, limit or "-", "0", fee, status, ended or at]
    return ",".join(cells)


def write_export(file: Path, lines: Iterable[str], *, encoding: str = "gbk") -> Path:
    file.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding=encoding)
    return file
