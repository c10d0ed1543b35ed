"""Makes the list of trading days from `exchange_calendars`; run as `python -m desk.calendar_source [HOME]`.

Without HOME it renews the shipped file, with HOME it writes that home's data/日历.json. It is a process of its own:
the library brings pandas, which the daemon must not load.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

from desk.calendar import RENEWED, SHIPPED

FIRST = date(2020, 1, 1)


def compute() -> dict[str, object]:
    """The weekdays on which the exchange is closed, by year, as far as the library knows."""
    import exchange_calendars  # type: ignore[import-untyped]  # late: it brings pandas

    until = exchange_calendars.exchange_calendar_xshg.XSHGExchangeCalendar.bound_max().date()
    calendar = exchange_calendars.get_calendar("XSHG", start=FIRST.isoformat(), end=until.isoformat())
    open_days = {stamp.date() for stamp in calendar.sessions}
    closed: dict[str, list[str]] = {}
    day = FIRST
    while day <= until:
        if day.weekday() < 5 and day not in open_days:
            closed.setdefault(str(day.year), []).append(day.isoformat())
        day += timedelta(days=1)
    weekend = [day.isoformat() for day in sorted(open_days) if day.weekday() >= 5]
    if weekend:
        raise ValueError(f"sessions on a weekend cannot be written in this form: {weekend}")
    source = f"exchange_calendars {exchange_calendars.__version__} XSHG"
    return {"source": source, "first": FIRST.isoformat(), "until": until.isoformat(), "closed": closed}


def render(sessions: dict[str, object]) -> str:
    return json.dumps(sessions, ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    path = Path(arguments[0]) / RENEWED if arguments else SHIPPED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(compute()), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
