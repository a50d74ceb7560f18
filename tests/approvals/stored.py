"""Short words for what happens in the database, each in a transaction of its own."""

from datetime import timedelta

from approvals.events import VoteRecorded
from approvals.quorum import Refusal
from approvals.request import ApprovalRequest, Vote
from approvals.store import RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    ROSTER,
    a_request,
    asked,
    yes,
)

SOON = NOON + timedelta(minutes=1)


def file(
    database: Database, request: ApprovalRequest | None = None, vote: Vote | None = None
) -> ApprovalRequest:
    """File a request of Otto's in a transaction of its own."""
    request = request or a_request()
    with database.transaction() as session:
        RequestStore(session, KEY).add(request, vote or asked())
    return request


def answer(
    database: Database, request: ApprovalRequest, vote: Vote, **given: object
) -> VoteRecorded | Refusal:
    """Answer in a transaction of its own, a minute after noon."""
    values = {"roster": ROSTER, "now": SOON, **given}
    with database.transaction() as session:
        return RequestStore(session, KEY).record_vote(request.id, vote, **values)


def approve(database: Database) -> ApprovalRequest:
    """A request that Olivia has approved."""
    request = file(database)
    answer(database, request, yes(OLIVIA))
    return read(database, request)


def read(database: Database, request: ApprovalRequest) -> ApprovalRequest:
    """The request as it is stored."""
    with database.reading() as session:
        return RequestStore(session, KEY).get(request.id)
