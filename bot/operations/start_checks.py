"""What has to be so before a start, beside what the health check looks at every morning."""

import socket
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from bot.operations.desk import Desk
from bot.operations.selftest import selftest_today
from bot.storage import Storage
from trading.candles import Candle, Timeframe, closed, gaps_in, is_stale
from trading.health import Finding, failed, passed, warned
from trading.limits import RiskLimits
from trading.session import Stage

Probe = tuple[str, Callable[[], Finding]]
Candles = Callable[[str, str, int], tuple[Candle, ...]]

DRILL_DAYS_MAX = 30
CANDLES_LOOKED_AT = 120
# A day that loses more than this much of the account is no small size.
LIVE_LOSS_PCT_MAX = Decimal(10)
NONE_NEEDED = "a practice desk needs none"


class StartChecks:
    """The checks of one stage; a practice desk is excused from what takes days or a machine of its own."""

    def __init__(self, storage: Storage, desk: Desk, candles: Candles) -> None:
        """`candles` reads the newest of a symbol and bar length, the last of them open."""
        self._storage = storage
        self._desk = desk
        self._candles = candles

    def probes(self, stage: Stage) -> list[Probe]:
        """Name and probe of each, in order."""
        probes: list[Probe] = [
            ("migrations", self._migrations),
            ("limits", lambda: limits_fit(self._desk.limits, stage)),
            ("contacts", self._contacts),
            ("candles", self._fresh),
            ("selftest", lambda: self._excused(self._selftest)),
        ]
        if stage is Stage.LIVE:
            probes.append(("halt drill", lambda: self._excused(self._halt_drill)))
        return probes

    def _excused(self, probe: Callable[[], Finding]) -> Finding:
        found = probe()
        if self._desk.practice and found.advice:
            return passed(f"{found.detail}; {NONE_NEEDED}")
        return found

    def _migrations(self) -> Finding:
        return passed(f"the tables are at revision {self._storage.require_current()}")

    def _contacts(self) -> Finding:
        deciding = self._desk.roster.desk
        without = [person.name for person in deciding if not person.contact]
        if without:
            return warned(
                f"no contact of {', '.join(without)} in people.toml",
                "Write down how to reach them at night, then start the bot again.",
            )
        return passed(f"of all {len(deciding)} who may decide")

    def _fresh(self) -> Finding:
        wrong = [told for symbol in self._desk.symbols if (told := self._wrong_with(symbol))]
        if wrong:
            return failed("; ".join(wrong), "Look at the venue's status page, then ask again.")
        return passed(f"{', '.join(self._desk.symbols)}: the newest bar closed just now, none is missing")

    def _wrong_with(self, symbol: str) -> str:
        with self._storage.reading() as tx:
            now = tx.now
        found = closed(self._candles(symbol, Timeframe.M1, CANDLES_LOOKED_AT), Timeframe.M1, now)
        if not found or is_stale(found[-1], Timeframe.M1, now):
            last = f"since {found[-1].opened_at:%H:%M} UTC" if found else "at all"
            return f"{symbol}: no bar {last}"
        missing = sum(gap.missing for gap in gaps_in(found, Timeframe.M1))
        return f"{symbol}: {missing} bars are missing" if missing else ""

    def _selftest(self) -> Finding:
        with self._storage.reading() as tx:
            return selftest_today(tx, self._desk, socket.gethostname())

    def _halt_drill(self) -> Finding:
        advice = "Type /peak-kill drill, read the card aloud, and have two people clear it."
        with self._storage.reading() as tx:
            last, now = tx.halts.last(), tx.now
        if last is None:
            return failed("nobody has halted this desk yet", advice)
        if now - last.at > timedelta(days=DRILL_DAYS_MAX):
            return failed(f"the last halt was on {last.at:%Y-%m-%d}, over {DRILL_DAYS_MAX} days ago", advice)
        return passed(f"the last halt was on {last.at:%Y-%m-%d %H:%M} UTC")


def limits_fit(limits: RiskLimits, stage: Stage) -> Finding:
    """Whether the limits agree with each other, and are small enough for the stage."""
    order, symbol, total = limits.max_order_notional, limits.max_symbol_exposure, limits.max_total_exposure
    if stage is Stage.LIVE and limits.max_daily_loss_pct > LIVE_LOSS_PCT_MAX:
        return failed(
            f"a day may lose {limits.max_daily_loss_pct} % of the account, over {LIVE_LOSS_PCT_MAX} %",
            "Tighten max_daily_loss_pct before anything is live.",
        )
    if not order <= symbol <= total:
        return warned(
            f"they do not fit each other: an order of {order}, a symbol of {symbol}, {total} in all",
            "The least of them holds. Let max_order_notional be the least, max_total_exposure the most.",
        )
    if stage is Stage.LIVE and limits.max_daily_loss_abs > total:
        return warned(
            f"a day may lose {limits.max_daily_loss_abs}, more than the {total} that can be held",
            "Tighten max_daily_loss_abs: it would never be reached.",
        )
    return passed(f"{order} {limits.currency} an order, {total} in all, {limits.max_daily_loss_abs} a day")
