"""What people read about the calendar of trading days."""

from __future__ import annotations

from datetime import date

_RENEW = (
    "请运行 pip install -U exchange_calendars 和 python -m desk.calendar_source，"
    "或在交易日文件里列出后面的开市日（见 config/README.md）"
)


def unusable(name: str, why: str) -> str:
    return f"交易日文件 {name} 用不了（{why}）"


def bad_line(name: str, line: int) -> str:
    return f"交易日文件 {name} 第 {line} 行看不懂，要写成「2027-01-04 开」「2027-02-05 休」或「2027-12-31 止」"


def ends_soon(until: date, days: int) -> str:
    return f"交易日历只到 {until}，还有 {days} 天；之后一律按休市处理。{_RENEW}"


def ended(until: date) -> str:
    return f"交易日历只到 {until}，今天按休市处理，不会下单。{_RENEW}"
