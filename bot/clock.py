"""The one place of the bot that reads the wall clock."""

from datetime import UTC, datetime


def system_clock() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)
