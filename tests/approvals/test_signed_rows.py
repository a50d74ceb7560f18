"""Rule 20: a request or a vote that was not written by this desk counts for nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite

from approvals.errors import RowForged
from approvals.payload import canonical, digest
from approvals.request import ExecutionState, RequestState
from approvals.rows import REQUEST, VOTE, _insertion, signed, vote_values
from approvals.store import RequestStore
from bot.database import Database
from tests.approvals.desk import KEY, NOON, OLIVIA, OTTO, PAYLOAD, RITA, ROSTER, yes
from tests.approvals.stored import SOON, answer, approve, file, read


def claim(database: Database, request_id: str) -> bool:
    """Press for the execution, a minute after noon."""
    with database.transaction() as session:
        return RequestStore(session, KEY).claim_execution(request_id, ROSTER, SOON)


def edit(database: Database, **values: object) -> None:
    """Change every request in the database, as somebody with a database client would."""
    with database.transaction() as session:
        session.connection().execute(update(REQUEST).values(**values))


EDITED = canonical({**PAYLOAD, "notional": "9999"})


@pytest.mark.parametrize(
    "change",
    [
        {"payload_text": EDITED, "digest": digest(EDITED)},
        {"decided_at": NOON + timedelta(hours=1)},
        {"requested_by": RITA.id},
        {"account": "another"},
        {"mac": None},
        {"mac": "0" * 64},
    ],
    ids=str,
)
def test_rule_20_an_edited_request_is_not_carried_out(database: Database, change: dict[str, object]) -> None:
    """Payload and digest together, the time of the decision, who asked: all of it is signed."""
    request = approve(database)
    edit(database, **change)

    with pytest.raises(RowForged, match="is not as this desk wrote it"):
        claim(database, request.id)
    assert read(database, request).execution is ExecutionState.NONE


def test_rule_20_a_used_approval_cannot_be_made_fresh(database: Database) -> None:
    """Set back to untouched it would start a second time."""
    request = approve(database)
    assert claim(database, request.id)
    edit(database, execution=ExecutionState.NONE, execution_at=None)

    with pytest.raises(RowForged):
        claim(database, request.id)


def test_rule_20_a_forged_vote_grants_nothing(database: Database) -> None:
    """A yes that Olivia never gave, beside a request written as approved, with signatures of another key."""
    request = file(database)
    forged = signed(VOTE, vote_values(request.id, yes(OLIVIA)), b"a key of the forger's own")
    with database.transaction() as session:
        session.connection().execute(insert(VOTE).values(forged))

    with pytest.raises(RowForged, match="The vote of olivia"):
        answer(database, request, yes(RITA))
    assert read(database, request).state is RequestState.PENDING


def test_rule_20_an_edited_vote_is_found_at_the_execution(database: Database) -> None:
    """Word and reason are signed, and so is the request that they belong to."""
    approved = approve(database)
    with database.transaction() as session:
        session.connection().execute(
            update(VOTE).where(VOTE.c.person == OLIVIA.id).values(vote="no", reason="edited")
        )
    with pytest.raises(RowForged, match="The vote of olivia"):
        claim(database, approved.id)


def test_what_the_desk_wrote_itself_counts(database: Database) -> None:
    """From the asking to the outcome, each change signs the row anew."""
    request = approve(database)
    assert claim(database, request.id)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        store.finish_execution(request.id, ExecutionState.EXECUTED, "it is live", SOON)
        assert not store.claim_execution(request.id, ROSTER, SOON)
    assert read(database, request).requested_by == OTTO.id


def test_a_row_is_inserted_by_the_words_of_its_database() -> None:
    """Each has its own statement for a row that may be there already, and tells whether it was."""
    assert isinstance(_insertion(VOTE, "postgresql"), postgresql.Insert)
    assert isinstance(_insertion(VOTE, "sqlite"), sqlite.Insert)
    for name in ("postgresql", "sqlite"):
        assert _insertion(VOTE, name).get_execution_options()["preserve_rowcount"] is True
