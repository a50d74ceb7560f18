"""Rule 20 at the desk: what somebody else wrote into the database starts nothing, and is an alert."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from approvals.request import ExecutionState
from approvals.rows import REQUEST, VOTE
from bot.operations.halt import ClearHalt
from tests.approvals.desk import OLIVIA, OTTO, RITA
from tests.bot.operations.rig import Rig, refusal


def cleared(rig: Rig) -> Any:
    """Press Clear the halt on an approved request whose row was edited."""
    rig.halted()
    rig.clock.passes(minutes=6)
    request = rig.rearm_asked().request
    rig.answers(request.id)
    edited(rig)
    return ClearHalt(rig.storage, rig.desk, rig.latch)(OTTO, request.id)


def gone_live(rig: Rig) -> Any:
    """Press Go live on an approved request whose row was edited."""
    request = rig.approved()
    edited(rig)
    return rig.goes_live(request.id)


def voted(rig: Rig) -> Any:
    """Say yes to a request on which another vote was edited."""
    request = rig.asked()
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(update(VOTE).values(person=RITA.id))
    return rig.answers(request.id, by=OLIVIA)


def edited(rig: Rig) -> None:
    """Somebody changes who asked, with a database client."""
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(update(REQUEST).values(reason="nothing to see here"))


@pytest.mark.parametrize("press", [gone_live, cleared, voted])
def test_rule_20_a_forged_row_starts_nothing_and_raises_an_alert(
    rig: Rig, press: Callable[[Rig], Any]
) -> None:
    """Whoever presses is told to halt, and so is the whole desk."""
    assert "is not as this desk wrote it" in refusal(press(rig))

    assert not rig.sessions()
    assert {request.execution for request in rig.read(lambda tx: tx.requests.recent(9))} == {
        ExecutionState.NONE
    }
    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert (alert.kind, alert.severity) == ("record.forged", "high")
    assert "peak-ops audit verify" in alert.advice
