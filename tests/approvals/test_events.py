"""What stands in the record of each thing that can happen to a request."""

from datetime import timedelta

import pytest

from approvals.events import (
    SYSTEM,
    ExecutionChanged,
    Recordable,
    RequestCreated,
    RequestDecided,
    VoteRecorded,
    VoteRefused,
)
from approvals.payload import canonical, parsed
from approvals.quorum import Reason, refusal, tally
from tests.approvals.desk import NOON, OLIVIA, OTTO, RITA, ROSTER, a_request, asked, yes

REQUEST = a_request()
VOTES = (asked(), yes(OLIVIA, reason="go"))
TALLY = tally(REQUEST, VOTES, ROSTER, NOON)
SOON = NOON + timedelta(minutes=1)
REJECTED = REQUEST.reject(RITA.id, SOON, "too large")
APPROVED = REQUEST.vote(VOTES[1], TALLY)
ASKED = {
    "person": "otto",
    "vote": "yes",
    "kind": "requester",
    "at": "2026-11-23T12:00:00.000000Z",
    "account": "T1/U1",
    "step_up": "none",
    "reason": "",
}
AGREED = {**ASKED, "person": "olivia", "kind": "approver", "account": "T1/U7", "reason": "go"}
CREATED = {
    "name": REQUEST.name,
    "action": "live.activate",
    "account": "kraken",
    "reason": "first small run",
    "digest": REQUEST.digest,
    "payload": REQUEST.payload_text,
    "rule": parsed(canonical(REQUEST.rule.as_value())),
    "expires_at": "2026-11-23T12:15:00.000000Z",
}
VOTED = {**AGREED, "counted": ["otto", "olivia"], "digest": REQUEST.digest, "state": "approved"}


@pytest.mark.parametrize(
    ("event", "kind", "actor", "body"),
    [
        (RequestCreated(REQUEST, VOTES[0]), "request.created", "otto", {**CREATED, "vote": ASKED}),
        (RequestCreated(REQUEST, None), "request.created", "otto", {**CREATED, "vote": None}),
        (VoteRecorded(APPROVED, VOTES[1], TALLY), "request.vote", "olivia", VOTED),
        (
            VoteRecorded(APPROVED, VOTES[1], TALLY, {"card": "a1"}),
            "request.vote",
            "olivia",
            {**VOTED, "seen": {"card": "a1"}},
        ),
        (
            VoteRefused(REQUEST, "T9/U9", refusal(Reason.NOT_ON_ROSTER)),
            "request.vote_refused",
            "T9/U9",
            {"reason": "not_on_roster", "state": "pending"},
        ),
        (
            RequestDecided(REJECTED),
            "request.decided",
            "rita",
            {"state": "rejected", "note": "too large", "digest": REQUEST.digest},
        ),
        (
            RequestDecided(REQUEST.expire(REQUEST.expires_at)),
            "request.decided",
            SYSTEM,
            {"state": "expired", "note": "", "digest": REQUEST.digest},
        ),
        (
            ExecutionChanged(APPROVED.void(SOON, "limits"), OTTO.id),
            "request.execution",
            "otto",
            {"execution": "void", "outcome": "limits", "digest": REQUEST.digest},
        ),
    ],
)
def test_an_event_stands_in_the_record_with_all_its_facts(
    event: Recordable, kind: str, actor: str, body: dict[str, object]
) -> None:
    """Who, what, to which request, and the very words that an auditor will read."""
    assert (event.kind, event.actor, event.subject) == (kind, actor, REQUEST.id)
    assert parsed(canonical(event.body())) == body
