"""Limits of config.toml: wider by two people and in small steps, tighter by one and at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from approvals.errors import ApprovalError
from approvals.in_force import TIGHTEN, Kind, changed_fields
from approvals.payload import one_line
from approvals.person import Person
from approvals.quorum import may_ask
from approvals.request import REASON_LENGTH_MAX
from bot.config_in_force import live_risk_of
from bot.errors import ConfigError
from bot.operations.desk import Desk, Refused
from bot.operations.edited_rows import refused_by
from bot.operations.in_force import put_in_force
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence
from trading.amount import plain
from trading.errors import TradingError
from trading.events import EventKind
from trading.limits import LimitUse, wider_limits

STEP_MAX = Decimal("1.25")
DAILY_LOSS = "max_daily_loss"
TIGHTENED = "limits.tightened"

Value = Mapping[str, Any]
# Why limits may not be made as wide as wanted; None when they may.
Steps = Callable[[Value], Refused | None]


def wider(now: Value, wanted: Value) -> tuple[str, ...]:
    """The names of the limits that would let more through."""
    return wider_limits(live_risk_of(now).limits(), live_risk_of(wanted).limits())


def no_steps(_: Value) -> Refused | None:
    """Let no limit be widened: for whoever cannot ask what was lost today."""
    return Refused("No limit can be widened here, so nothing was done.")


class LimitSteps:
    """How far limits may be widened now."""

    def __init__(self, storage: Storage, desk: Desk, uses: Callable[[], tuple[LimitUse, ...]]) -> None:
        """`uses` asks the gateway; it raises TradingError when nobody answers."""
        self._storage = storage
        self._desk = desk
        self._uses = uses

    def __call__(self, wanted: Value) -> Refused | None:
        """Refuse more than a quarter at a time, another currency, and a daily loss that was reached today."""
        before = self._desk.settings[Kind.LIMITS]
        now, then = (live_risk_of(value).limits() for value in (before, wanted))
        names = wider(before, wanted)
        if "currency" in names:
            return Refused(
                f"The limits of a desk at work stay in {now.currency}, so nothing was done. Put it back."
            )
        for name in names:
            if getattr(then, name) > (most := getattr(now, name) * STEP_MAX):
                step = f"{plain(getattr(now, name))} to {plain(getattr(then, name))}"
                return Refused(
                    f"{name} would go from {step}, and a step is a quarter at most, so nothing was done. "
                    f"Write {plain(most)} or less."
                )
        if any(name.startswith(DAILY_LOSS) for name in names):
            return self._refused_today()
        return None

    def _refused_today(self) -> Refused | None:
        try:
            reached = any(use.share is None or use.share >= 1 for use in self._daily())
        except TradingError as error:
            return Refused(
                f"Whether a daily loss was reached today is not known, so nothing was done. {error}"
            )
        with self._storage.reading() as tx:
            reached = reached or _reached_today(tx, ZoneInfo(self._desk.timezone))
        if reached:
            return Refused(
                "A daily loss was reached today, or is not known, and its limit is not widened on such a "
                "day, so nothing was done. Ask again tomorrow."
            )
        return None

    def _daily(self) -> list[LimitUse]:
        return [use for use in self._uses() if use.name.startswith(DAILY_LOSS)]


def _reached_today(tx: Transaction, zone: ZoneInfo) -> bool:
    """Whether a daily loss was reached, or has blocked an order, since the desk's day began.

    Reached, it pauses what is live, and where nothing buys any more no order is blocked.
    """
    midnight = datetime.combine(tx.now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    return bool(tx.audit.since(EventKind.LOSS_REACHED, midnight)) or any(
        DAILY_LOSS in entry.body_text for entry in tx.audit.since(EventKind.ORDER_DENIED, midnight)
    )


@dataclass(frozen=True, slots=True)
class Tightened:
    """Limits are tighter now; a line for each."""

    lines: tuple[str, ...]


class TightenLimits:
    """Put the file's limits in force where all of them are as tight as before or tighter; one person does."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        read_limits: Callable[[], Value],
        settle: Callable[[Kind], None] = lambda kind: None,
    ) -> None:
        """`settle` has what runs go by them; `read_limits` raises ConfigError."""
        self._storage = storage
        self._desk = desk
        self._read_limits = read_limits
        self._settle = settle

    def __call__(self, actor: Person, reason: str, cause: str) -> Tightened | Refused:
        """Store, record and announce in one transaction; heard again after a crash, it tells the same."""
        if refusal := may_ask(self._desk.policy.alone(TIGHTEN), actor):
            return Refused(refusal.sentence)
        try:
            wanted = self._read_limits()
        except ConfigError as error:
            return Refused(f"The limits of the file cannot be in force, so nothing was changed. {error}")
        with self._desk.changing:
            try:
                with self._storage.transaction() as tx:
                    outcome = self._put(tx, actor, wanted, reason, cause)
                    stored = tx.in_force.get(Kind.LIMITS)
            except ApprovalError as error:
                with self._storage.transaction() as tx:
                    return refused_by(tx, self._desk, error)
            if isinstance(outcome, Tightened) and stored:
                # What was stored and not what was read: heard again, the file may have become another.
                settings = {**self._desk.settings, Kind.LIMITS: stored.value}
                self._desk.goes_by(replace(self._desk.rules, settings=settings))
                self._settle(Kind.LIMITS)
        return outcome

    def _put(
        self, tx: Transaction, actor: Person, wanted: Value, reason: str, cause: str
    ) -> Tightened | Refused:
        if done := tx.audit.caused(TIGHTENED, cause):
            return Tightened(tuple(done[0].body["changes"]))
        before = tx.in_force.get(Kind.LIMITS)
        lines = changed_fields(before.value, wanted) if before else ()
        if before is None or not lines:
            return Refused("config.toml has the limits that are in force, so there is nothing to change.")
        if names := wider(before.value, wanted):
            return Refused(f"{', '.join(names)} would be wider, which takes two people. Nothing was changed.")
        put_in_force(tx, Kind.LIMITS, wanted, TIGHTENED, actor.id)
        why = one_line(reason, REASON_LENGTH_MAX)
        tx.note(TIGHTENED, actor.id, Kind.LIMITS, cause=cause, changes=lines, reason=why)
        told = sentence(f"The limits were tightened by {actor.name}: {'; '.join(lines)}. {why}")
        tx.outbox.post(f"{TIGHTENED}:{cause}", self._desk.channels.ops, told, Urgency.FIRST)
        return Tightened(lines)
