"""A-share arithmetic (being written)."""
from datetime import timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "CST")
