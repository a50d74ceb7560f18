"""Limits of config.toml: wider by two people in small steps, tighter by one and at once."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from approvals.in_force import Kind
from approvals.request import ApprovalRequest, ExecutionState, RequestId
from approvals.rows import IN_FORCE
from bot.config_in_force import live_risk_of
from bot.operations.changes import ProposeChange, PutInForce
from bot.operations.desk import Refused
from bot.operations.filing import Asked
from bot.operations.limits import LimitSteps, Tightened, TightenLimits
from bot.projector import Projector
from tests.approvals.desk import OLIVIA, RITA, SAM
from tests.bot.operations.rig import Rig, refusal
from trading.events import EventKind, TradingEvent
from trading.limits import LIMIT_NAMES, LimitUse

LIMITS = {
    "currency": "USD",
    "max_order_notional": "100",
    "max_symbol_exposure": "200",
    "max_total_exposure": "400",
    "max_daily_loss_abs": "50",
    "max_daily_loss_pct": "5",
}


def edited(rig: Rig, **changes: str) -> None:
    """A desk at work with limits, and a config.toml that somebody has edited."""
    rig.desk.goes_by(replace(rig.desk.rules, settings={Kind.LIMITS: {"limits": LIMITS}}))
    rig.is_begun()
    rig.files = replace(rig.desk.rules, settings={Kind.LIMITS: {"limits": {**LIMITS, **changes}}})


def steps(rig: Rig, share: str = "0.1") -> LimitSteps:
    """How far limits may go, with so much of each used."""

    def uses() -> tuple[LimitUse, ...]:
        limits = rig.venue.limits_in_use()
        return tuple(LimitUse(use.name, use.limit, use.limit * Decimal(share)) for use in limits)

    return LimitSteps(rig.storage, rig.desk, uses)


def proposes(rig: Rig, cause: str = "view:1", share: str = "0.1") -> Asked | Refused:
    """Rita asks for what the file has."""
    propose = ProposeChange(rig.storage, rig.desk, lambda: rig.files, steps(rig, share))
    return propose(RITA, RITA.accounts[0], Kind.LIMITS, "more room", cause)


def puts(
    rig: Rig, request: ApprovalRequest, settle: Callable[[Kind], None] = lambda kind: None
) -> ApprovalRequest | Refused:
    """Press *Put them in force*."""
    put = PutInForce(rig.storage, rig.desk, lambda: rig.files, steps(rig), settle)
    return put(RITA, RequestId(request.id))


def tightens(rig: Rig, by: Any = OLIVIA, cause: str = "view:9") -> Tightened | Refused:
    """Somebody lets the file's limits count alone."""
    return TightenLimits(rig.storage, rig.desk, lambda: rig.files.value(Kind.LIMITS))(by, "wild", cause)


def agreed(rig: Rig) -> ApprovalRequest:
    """A wider limit to which Olivia has agreed."""
    asked = proposes(rig)
    assert isinstance(asked, Asked), asked
    approved = rig.answers(asked.request.id)
    assert isinstance(approved, ApprovalRequest), approved
    return approved


def test_wider_limits_take_a_risk_officer_and_an_owner(rig: Rig) -> None:
    """They count once both have agreed and the asker presses, and whatever runs hears of it."""
    edited(rig, max_order_notional="125")
    approved = agreed(rig)
    assert rig.desk.rules.value(Kind.LIMITS) == {"limits": LIMITS}
    settled: list[Kind] = []

    done = puts(rig, approved, settled.append)

    assert isinstance(done, ApprovalRequest)
    assert (done.action, done.execution) == ("limits.loosen", ExecutionState.EXECUTED)
    stored = rig.read(lambda tx: tx.in_force.get(Kind.LIMITS))
    assert stored is not None
    assert stored.value["limits"]["max_order_notional"] == "125"
    assert live_risk_of(rig.desk.rules.value(Kind.LIMITS)).limits().max_order_notional == 125
    assert settled == [Kind.LIMITS]


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_no_limit_is_widened_by_more_than_a_quarter_at_a_time(rig: Rig, name: str) -> None:
    """The sentence names the limit and what could be asked for."""
    twice = str(2 * int(LIMITS[name]))
    edited(rig, **{name: twice})

    said = refusal(proposes(rig))

    assert f"{name} would go from {LIMITS[name]} to {twice}, and a step is a quarter at most" in said
    edited(rig, **{name: f"{Decimal(LIMITS[name]) * Decimal('1.25'):f}"})
    assert isinstance(proposes(rig, cause="view:2"), Asked)


def test_a_daily_loss_that_was_reached_today_is_not_widened_today(rig: Rig) -> None:
    """Neither while it is reached, nor later on the day on which an order was blocked by it."""
    edited(rig, max_daily_loss_abs="60")
    assert "on such a day" in refusal(proposes(rig, share="1"))
    approved = agreed(rig)
    with rig.storage.transaction() as tx:
        tx.note("order.denied", "live-1", "order-1", detail="max_daily_loss_abs exceeded (51 > 50)")

    assert "on such a day" in refusal(puts(rig, approved))
    assert rig.desk.rules.value(Kind.LIMITS) == {"limits": LIMITS}


def test_a_daily_loss_that_has_only_paused_is_not_widened_today(rig: Rig) -> None:
    """Reached it pauses, so that nothing buys and nothing is blocked. A day later it may be."""
    edited(rig, max_daily_loss_abs="60")
    with rig.storage.transaction() as tx:
        tx.events.add(
            TradingEvent("loss.reached:kraken:1", EventKind.LOSS_REACHED, tx.now, facts={"page": 1})
        )
    Projector(rig.storage, rig.desk).project()

    assert "on such a day" in refusal(proposes(rig))
    rig.clock.passes(days=1)
    assert isinstance(proposes(rig, cause="view:2"), Asked)


def test_without_the_gateway_no_daily_loss_is_widened(rig: Rig) -> None:
    """Unknown means no; the other limits ask nobody."""
    edited(rig, max_daily_loss_pct="6")
    rig.venue.gone = True

    assert "is not known" in refusal(proposes(rig))


def test_the_currency_stays(rig: Rig) -> None:
    """A hundred of something else is no tighter and no wider."""
    edited(rig, currency="EUR")

    assert "stay in USD" in refusal(proposes(rig))


def test_tighter_limits_count_at_once_and_are_on_record(rig: Rig) -> None:
    """One person, one row with each limit and the reason; heard again it says the same and does nothing."""
    edited(rig, max_order_notional="50")

    first = tightens(rig)

    assert first == Tightened(("limits, max_order_notional: 100 → 50",))
    assert rig.recorded()[-2:] == ["rules.in_force", "limits.tightened"]
    assert tightens(rig) == first
    assert rig.recorded().count("limits.tightened") == 1
    assert live_risk_of(rig.desk.rules.value(Kind.LIMITS)).limits().max_order_notional == 50


def test_a_tightening_that_is_heard_again_takes_what_was_stored(rig: Rig) -> None:
    """The file may have become any other meanwhile, and nobody has agreed to that one."""
    edited(rig, max_order_notional="50")
    first = tightens(rig)
    wide = {"limits": {**LIMITS, "max_order_notional": "100000"}}
    rig.files = replace(rig.desk.rules, settings={Kind.LIMITS: wide})

    assert tightens(rig) == first
    assert live_risk_of(rig.desk.rules.value(Kind.LIMITS)).limits().max_order_notional == 50


def test_an_older_row_that_was_put_back_is_nothing_to_tighten(rig: Rig) -> None:
    """Signed as it is: from the limits of yesterday a step down is one up from those that count."""
    edited(rig, max_order_notional="10")
    with rig.database.writing() as connection:
        old = connection.execute(select(IN_FORCE).where(IN_FORCE.c.kind == Kind.LIMITS)).mappings().one()
    tightens(rig)
    with rig.database.writing() as connection:
        connection.execute(update(IN_FORCE).where(IN_FORCE.c.kind == Kind.LIMITS).values(dict(old)))
    between = {"limits": {**LIMITS, "max_order_notional": "99"}}
    rig.files = replace(rig.desk.rules, settings={Kind.LIMITS: between})

    assert "put an older one back" in " ".join(refusal(tightens(rig, cause="view:10")).split())
    assert rig.read(lambda tx: [alert.kind for alert in tx.alerts.recent(5)]) == ["record.forged"]
    assert live_risk_of(rig.desk.rules.value(Kind.LIMITS)).limits().max_order_notional == 10


def test_one_person_widens_nothing_in_passing(rig: Rig) -> None:
    """A change that is tighter in one limit and wider in another takes two."""
    edited(rig, max_order_notional="50", max_total_exposure="401")

    assert "max_total_exposure would be wider" in refusal(tightens(rig))
    assert isinstance(proposes(rig), Asked)


def test_who_may_not_tighten_is_refused(rig: Rig) -> None:
    """It takes a role of the policy's row."""
    edited(rig, max_order_notional="50")

    assert isinstance(tightens(rig, SAM), Refused)
    assert rig.desk.rules.value(Kind.LIMITS) == {"limits": LIMITS}


def test_limits_that_were_tightened_meanwhile_void_the_wider_ones(rig: Rig) -> None:
    """What was agreed to was a step from what then counted."""
    edited(rig, max_order_notional="125")
    approved = agreed(rig)
    tighter = {"limits": {**LIMITS, "max_order_notional": "10"}}
    rig.files = replace(rig.desk.rules, settings={Kind.LIMITS: tighter})
    tightens(rig)

    assert isinstance(puts(rig, approved), Refused)
    assert live_risk_of(rig.desk.rules.value(Kind.LIMITS)).limits().max_order_notional == 10
