"""How money, times and states are written, everywhere the same."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from bot.block_limits import shortened
from bot.escape import mrkdwn, plain
from bot.summaries import CheckLine
from trading.health import Check

Told = TypeVar("Told", Check, CheckLine)

STATE_MARK = {
    "starting": "⏳",
    "running": "🟢",
    "paused": "⏸️",
    "stopping": "⏳",
    "stopped": "⚪",
    "halted": "🛑",
    "failed": "🔴",
    "unknown": "❓",
}
# The keys of config.toml as people say them.
_LIMIT_WORDS = {
    "max_order_notional": "one order",
    "max_symbol_exposure": "exposure of one symbol",
    "max_total_exposure": "exposure in total",
    "max_daily_loss_abs": "loss of the day",
    "max_daily_loss_pct": "share of equity lost in the day",
    "notional_max": "notional of the session",
}
# Escaping puts a mark of no width between what could be read as an emoji.
_UTC_TIME = re.compile(r"(?<![\d:])(\d\d):\u2060?(\d\d)(?::\u2060?(\d\d))? UTC")
SAME_DAY = timedelta(hours=12)
_WORST_FIRST = ("FAILED", "WARNED", "PASSED")
VERDICT_MARK = {"PASSED": "✅", "WARNED": "⚠️", "FAILED": "❌"}
# Slack counts bytes here, and a letter may have four.
LOCK_SCREEN_MAX = 900
# What a phone shows of a message while it is locked, in one look.
LOCK_SCREEN_LINE_MAX = 110
# Beyond it nobody looks for cents, and a Decimal of 28 digits has no room for them.
MONEY_DIGITS_MAX = 20
SEVERITY_MARK = {"low": "🔹", "medium": "🔶", "high": "🔺"}


def money(amount: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """An amount with its currency, two decimals and thin thousands; an unknown amount says so."""
    if amount is None or not amount.is_finite():
        return "unknown"
    text = f"{amount:+,.2f}" if signed else f"{amount:,.2f}"
    if text.strip("+-0.") == "":
        text = "0.00"
    return f"{text} {literal(currency, 20)}"


def whole_or_cents(amount: Decimal) -> str:
    """A sum of money without its currency: whole, or with both decimals; what is no number is unknown."""
    if not amount.is_finite():
        return "unknown"
    cents = amount.quantize(Decimal("0.01")) if amount.adjusted() < MONEY_DIGITS_MAX else amount
    text = f"{cents:,.0f}" if cents == cents.to_integral_value() else f"{cents:,.2f}"
    return "0" if text == "-0" else text


def sum_in(payload: object) -> str:
    """A sum of money as a payload holds it, in text; what is no number stays what it is."""
    try:
        return whole_or_cents(Decimal(str(payload)))
    except InvalidOperation:
        return str(payload)


def quantity(amount: Decimal) -> str:
    """A quantity without trailing noughts; what is no number is unknown."""
    if not amount.is_finite():
        return "unknown"
    text = f"{amount.normalize():f}"
    return "0" if text == "-0" else text


def first_upper(text: str) -> str:
    """A text with a capital in front, the rest as it is."""
    return text[:1].upper() + text[1:]


def as_sentence(text: str) -> str:
    """What somebody reported, beginning and ending as a sentence does."""
    text = first_upper(text.strip())
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def with_readers_time(shown: str, told_at: datetime) -> str:
    """A text that was made mrkdwn, the reader's own time before each `12:15 UTC` and `12:15:30 UTC` in it.

    The newest such time before it was told is meant.
    """
    latest = told_at.astimezone(UTC)

    def with_own(found: re.Match[str]) -> str:
        hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            at = latest.replace(hour=hour, minute=minute, second=second, microsecond=0)
        except ValueError:
            return found[0]  # no time of any day
        if at > latest + timedelta(minutes=1):
            at -= timedelta(days=1)
        form = "time_secs" if found[3] else "time"
        said = found[0].removesuffix(" UTC")
        return f"<!date^{int(at.timestamp())}^{{{form}}}|{said}> ({found[0]})"

    return _UTC_TIME.sub(with_own, shown)


def limit_words(name: str) -> str:
    """What people call a limit; one that we do not know keeps its name."""
    return _LIMIT_WORDS.get(name, name)


def with_limit_words(text: str) -> str:
    """A sentence of the gateway's in which limits are called by their keys, with our words for them."""
    for name, words in _LIMIT_WORDS.items():
        text = text.replace(name, f"“{words}”")
    return text


def when(moment: datetime | None) -> str:
    """A time in the reader's own zone, with UTC beside it for the record."""
    if moment is None:
        return "-"
    utc = moment.astimezone(UTC)
    return f"<!date^{int(utc.timestamp())}^{{time}}|{utc:%H:%M}> ({utc:%H:%M} UTC)"


def day_and_time(moment: datetime) -> str:
    """A day and time in the reader's own zone, with UTC beside it."""
    utc = moment.astimezone(UTC)
    return (
        f"<!date^{int(utc.timestamp())}^{{date_short_pretty}} {{time}}|{utc:%Y-%m-%d %H:%M}> "
        f"({utc:%H:%M} UTC)"
    )


def deadline(moment: datetime | None, since: datetime) -> str:
    """Until when, the day told where it is far enough away to be another one for somebody."""
    if moment is None or moment - since < SAME_DAY:
        return when(moment)
    return day_and_time(moment)


def milliseconds(duration_ms: int) -> str:
    """A short duration: milliseconds below one second, else seconds."""
    return f"{duration_ms} ms" if duration_ms < 1000 else f"{duration_ms / 1000:.1f} s"


def span(length: timedelta) -> str:
    """A length of time as people say it: seconds, minutes, hours, days; the next larger part left out."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"


def verdict(said: str, warnings: int) -> str:
    """A verdict in words; what passed with something to look at has not simply passed."""
    counted = f", {warnings} warning{'' if warnings == 1 else 's'}"
    return said + counted if said == "PASSED" and warnings else said


def merged(checks: Iterable[Told]) -> list[tuple[str, Told]]:
    """Checks with their names, the worst first; the very same trouble is one, under all their names."""
    alike: dict[tuple[str, ...], list[Told]] = {}
    for check in sorted(checks, key=lambda each: _WORST_FIRST.index(each.verdict)):
        own: tuple[str, ...] = (check.name,) if check.verdict == "PASSED" else ()
        alike.setdefault((*own, check.verdict, check.detail, check.advice), []).append(check)
    return [(", ".join(check.name for check in group), group[0]) for group in alike.values()]


def literal(text: str, length_max: int = 200) -> str:
    """Somebody's text inside mrkdwn: taken literally, on one line, not longer than this."""
    return shortened(mrkdwn(text), length_max)


def label(text: str, length_max: int = 140) -> str:
    """Somebody's text in a header, a button's question or a lock screen: the same, without mrkdwn."""
    return shortened(plain(text), length_max)
