"""Rule 20: a session gets its process only if an approval that this desk wrote stands behind it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from approvals.request import ExecutionState
from approvals.rows import REQUEST
from bot.operations.approved import Approved
from bot.operations.live import Launched
from tests.bot.operations.rig import Rig
from trading.session import Stage, TradingSession


def launched(rig: Rig) -> TradingSession:
    """A session that two people wanted, as the supervisor reads it."""
    outcome = rig.goes_live(rig.approved().id)
    assert isinstance(outcome, Launched)
    found = rig.read(lambda tx: tx.sessions.get(outcome.session.id))
    assert found is not None
    return found


def test_what_two_people_wanted_may_start(rig_on_both: Rig) -> None:
    """Once; when it has started, its approval stands behind no other start."""
    session = launched(rig_on_both)
    approved = Approved(rig_on_both.storage)
    assert approved(session)

    with rig_on_both.storage.transaction() as tx:
        request = tx.requests.recent(1)[0]
        tx.requests.finish_execution(request.id, ExecutionState.EXECUTED, "the session is live", tx.now)
    assert not approved(session)


FORGERIES: dict[str, Callable[[TradingSession], TradingSession]] = {
    "a larger cap": lambda s: replace(s, plan=replace(s.plan, notional_max=Decimal(9_999))),
    "another strategy file": lambda s: replace(s, plan=replace(s.plan, source_digest="0" * 64)),
    "a request of nobody": lambda s: replace(s, request_id="req-nowhere"),
    "a second session": lambda s: replace(s, id="live-forged"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_rule_20_a_session_written_by_somebody_else_does_not_start(rig: Rig, forgery: str) -> None:
    """Its plan is not the approved one, or its approval is another session's."""
    session = launched(rig)
    assert not Approved(rig.storage)(FORGERIES[forgery](session))


def test_rule_20_an_edited_approval_starts_no_session(rig: Rig) -> None:
    """The request's own row is signed."""
    session = launched(rig)
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(update(REQUEST).values(requested_by="rita"))
    assert not Approved(rig.storage)(session)


def test_what_is_not_live_needs_no_approval(rig: Rig) -> None:
    """Nothing of it reaches a venue."""
    session = launched(rig)
    shadow = replace(session, request_id=None, plan=replace(session.plan, stage=Stage.SHADOW))
    assert Approved(rig.storage)(shadow)
