"""Which requests a question finds, and in which order."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from approvals.errors import PayloadAltered, RequestUnknown, RowForged
from approvals.person import PersonId
from approvals.request import ApprovalRequest, ExecutionState, RequestId, RequestState
from approvals.rows import REQUEST
from approvals.store import RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    ONE_SECOND,
    OTTO,
    RITA,
    ROSTER,
    a_request,
    a_rule,
    asked,
    no,
    yes,
)
from tests.approvals.stored import SOON, answer, approve, file, read

LAPSED = SOON + timedelta(hours=1)


def at(number: int, action: str = "live.activate", account: str = "kraken") -> ApprovalRequest:
    """A request of Otto's, so many hours after noon."""
    now = NOON + timedelta(hours=number)
    return a_request(rule=a_rule(action), cause=f"hour-{number}", account=account, now=now)


def filed(database: Database, request: ApprovalRequest, by: object = None) -> ApprovalRequest:
    """File it, and let somebody answer a minute later."""
    file(database, request, asked(at=request.created_at))
    if by is not None:
        later = request.created_at + timedelta(minutes=1)
        answer(database, request, by(OLIVIA, at=later), now=later)
    return read(database, request)


def names(requests: list[ApprovalRequest]) -> list[str]:
    """Which clicks these came from."""
    return [request.cause for request in requests]


def test_only_what_this_desk_wrote_is_genuine(database: Database) -> None:
    """Unknown, altered and forged ones are three different errors."""
    request = approve(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert store.genuine(request.id) == request
        with pytest.raises(RequestUnknown, match="req-none"):
            store.genuine(RequestId("req-none"))
        with pytest.raises(RowForged, match=f"The request {request.name} is not as this desk wrote it"):
            RequestStore(session, b"another key").genuine(request.id)
        session.connection().execute(update(REQUEST).values(payload_text="{}"))
        with pytest.raises(PayloadAltered):
            store.genuine(request.id)


def test_what_waits_is_listed_until_its_very_end(database: Database) -> None:
    """Oldest first; not what was decided, nor what is over though nobody has written that yet."""
    later = filed(database, a_request(cause="later", account="b", now=SOON))
    first = filed(database, a_request(cause="first", account="a"))
    filed(database, a_request(cause="decided", account="c"), no)
    with database.reading() as session:
        store = RequestStore(session, KEY)
        assert store.open_requests(SOON) == [first, later]
        assert store.open_requests(first.expires_at) == [later]
        assert store.overdue_requests(first.expires_at - ONE_SECOND) == []
        assert store.overdue_requests(first.expires_at) == [first]
        assert store.overdue_requests(later.expires_at, REQUEST.c.account == "b") == [later]


def test_of_one_moment_the_lesser_id_comes_first(database: Database) -> None:
    """So that two lists of the same requests never differ."""
    for number, hour in ((2, 1), (1, 1), (4, 1), (3, 0)):
        moment = NOON + timedelta(hours=hour)
        request = a_request(cause=f"{number}", account=f"{number}", now=moment)
        filed(database, replace(request, id=RequestId(f"req-{number}")), yes)
    with database.reading() as session:
        store = RequestStore(session, KEY)
        now = NOON + timedelta(hours=1, minutes=2)
        assert names(store.recent(9)) == ["1", "2", "4", "3"]
        assert names(store.recent(1)) == ["1"]
        assert names(store.approved_before("live.activate", now, 9)) == ["1", "2", "4", "3"]
        assert names(store.executable_requests(now)) == ["1", "2", "4"]
        assert names(store.lapsed_requests(now)) == ["3"]
        assert names(store.lapsed_requests(now + timedelta(hours=1))) == ["3", "1", "2", "4"]
        assert store.claimed_requests() == []


def test_a_request_is_found_however_its_name_is_typed(database: Database) -> None:
    """With blanks and capitals; of two of one name it is the newest."""
    filed(database, replace(at(0), name="quiet heron"))
    newest = filed(database, replace(at(1), name="quiet heron"))
    with database.reading() as session:
        store = RequestStore(session, KEY)
        assert store.by_name(" Quiet Heron ") == newest
        assert store.by_name(f" {newest.id} ") == newest
        with pytest.raises(RequestUnknown, match=r"request Loud Heron\."):
            store.by_name("Loud Heron")


def test_an_approval_that_was_never_used_lapses(database: Database) -> None:
    """After ten minutes it is one; claimed, void, pending and rejected ones are none."""
    lapsed = approve(database)
    claimed = filed(database, at(1), yes)
    filed(database, at(2), no)
    pending = filed(database, at(3))
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        now = claimed.created_at + timedelta(minutes=2)
        assert store.claim_execution(claimed.id, ROSTER, now)
        assert names(store.lapsed_requests(SOON)) == []
        assert names(store.lapsed_requests(pending.created_at)) == [lapsed.cause]
        assert store.void_execution(lapsed.void(now, "lapsed"))
        assert names(store.lapsed_requests(pending.created_at)) == []


def test_what_was_approved_before_is_found_newest_first(database: Database) -> None:
    """For one act alone, asked for and decided before that moment, as many as are wanted."""
    for number in range(3):
        filed(database, at(number), yes)
    filed(database, at(3), no)
    filed(database, at(4, action="rearm"), yes)
    with database.reading() as session:
        store = RequestStore(session, KEY)

        def before(moment: datetime, count: int = 9) -> list[str]:
            return names(store.approved_before("live.activate", moment, count))

        assert before(NOON + timedelta(hours=9)) == ["hour-2", "hour-1", "hour-0"]
        assert before(NOON + timedelta(hours=9), 2) == ["hour-2", "hour-1"]
        decided = NOON + timedelta(hours=2, minutes=1)
        assert before(decided) == ["hour-1", "hour-0"]
        assert before(decided + ONE_SECOND) == ["hour-2", "hour-1", "hour-0"]
        assert before(NOON) == []
        assert names(store.recent(2)) == ["hour-4", "hour-3"]


@pytest.mark.parametrize(("by", "state"), [(yes, RequestState.APPROVED), (no, RequestState.REJECTED)])
def test_the_last_that_could_be_answered_is_found(
    database: Database, by: object, state: RequestState
) -> None:
    """Approved, rejected or expired; not one that waits, or was withdrawn, or asks for another act."""
    assert last(database) is None
    filed(database, at(0), by)
    newer = filed(database, at(1), by)
    filed(database, at(2, action="rearm"), by)
    waiting = filed(database, at(3))
    assert last(database) == newer
    assert newer.state is state
    with database.transaction() as session:
        assert RequestStore(session, KEY).decide(waiting.cancel(OTTO.id, waiting.created_at))
    assert last(database) == newer
    expired = filed(database, at(4))
    with database.transaction() as session:
        RequestStore(session, KEY).expire_overdue(expired.expires_at)
    assert last(database) == read(database, expired)


def last(database: Database) -> ApprovalRequest | None:
    """The last answerable start."""
    with database.reading() as session:
        return RequestStore(session, KEY).last_answerable("live.activate")


def test_the_one_that_waits_for_an_act_on_an_account_is_found(database: Database) -> None:
    """Until its very end, and never that of another account or act."""
    request = filed(database, at(0))
    filed(database, a_request(cause="other", account="other"))
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert store.waiting_for("live.activate", "kraken", request.expires_at - ONE_SECOND) == request
        assert store.waiting_for("live.activate", "kraken", request.expires_at) is None
        assert store.waiting_for("rearm", "kraken", NOON) is None
        assert store.waiting_for("live.activate", "nowhere", NOON) is None
        assert store.decide(request.reject(RITA.id, SOON, "no"))
        assert store.waiting_for("live.activate", "kraken", SOON) is None


def test_who_has_asked_five_times_may_ask_again_an_hour_after_the_first(database: Database) -> None:
    """To the second, and nobody else is stopped by it."""
    for number in range(5):
        now = NOON + timedelta(minutes=number)
        file(database, a_request(cause=f"{number}", account=f"{number}", now=now), asked(at=now))
    again = NOON + timedelta(hours=1)
    with database.reading() as session:
        store = RequestStore(session, KEY)
        assert store.asks_again_at(OTTO.id, again - ONE_SECOND) == again
        assert store.asks_again_at(OTTO.id, again) is None
        assert store.asks_again_at(PersonId("rita"), again - ONE_SECOND) is None


def test_what_was_claimed_ends_once_and_names_itself(database: Database) -> None:
    """A second end is refused with the first one's word."""
    request = approve(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert store.claim_execution(request.id, ROSTER, SOON)
        after = store.finish_execution(request.id, ExecutionState.FAILED, "no margin", LAPSED)
    assert (after.execution, after.outcome, after.execution_at) == (
        ExecutionState.FAILED,
        "no margin",
        LAPSED,
    )
    assert read(database, request) == after
