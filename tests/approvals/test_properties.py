"""Whatever people do and in whatever order, two of them stand behind every act, and it happens once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, create_engine, delete, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from approvals.errors import ApprovalError
from approvals.person import Person, Role, Roster
from approvals.policy import unfilled_roles
from approvals.request import ApprovalRequest, ExecutionState, RequestState, Vote, VoteKind, VoteWord
from approvals.rows import GRANT, REQUEST, VOTE
from approvals.store import GrantStore, RequestStore
from tests.approvals.conftest import METADATA, TABLES
from tests.approvals.desk import (
    INA,
    KEY,
    NOON,
    OLIVIA,
    OTTO,
    RITA,
    ROSTER,
    SAM,
    XENA,
    a_request,
    a_rule,
    asked,
)

PEOPLE = st.sampled_from([OLIVIA, OTTO, RITA, SAM, INA, XENA])
ON_ROSTER = st.sampled_from([OLIVIA, OTTO, RITA, SAM, INA])
ROLES = st.frozensets(st.sampled_from(list(Role)), max_size=2)
RULES = st.builds(
    lambda persons, among: a_rule(persons=persons, among=among),
    st.integers(2, 3),
    st.sampled_from([[Role.OWNER], [Role.OWNER, Role.RISK_OFFICER], [Role.RISK_OFFICER]]),
)


def an_engine() -> Engine:
    """One database in memory: what is tested here is the rule, not the disk."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"isolation_level": None})

    @event.listens_for(engine, "begin")
    def begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    METADATA.create_all(engine, tables=TABLES)
    return engine


ENGINE = an_engine()


class Desk(RuleBasedStateMachine):
    """A desk on which everybody presses everything while the roster changes under them."""

    request: ApprovalRequest

    @initialize(policy=RULES, by=st.sampled_from([OTTO, OLIVIA, RITA]), shell=st.booleans())
    def asks(self, policy: object, by: Person, shell: bool) -> None:
        """One request is filed on an empty desk, with or without a yes of its own."""
        self.now, self.roster = NOON, ROSTER
        self.claims, self.spent = 0, 0
        self.seen: list[RequestState] = []
        self.ended: ExecutionState | None = None
        with Session(ENGINE) as session, session.begin():
            for table in (GRANT, VOTE, REQUEST):
                session.connection().execute(delete(table))
            self.request = a_request(by, rule=policy)
            RequestStore(session, KEY).add(self.request, None if shell else asked(by))

    @rule(person=PEOPLE, second=st.booleans(), word=st.sampled_from(VoteWord))
    def votes(self, person: Person, second: bool, word: VoteWord) -> None:
        """Somebody answers, from either account, and presses twice."""
        for _ in range(2):
            self.answer(Vote(person.id, word, self.now, person.accounts[-1 if second else 0]))

    @rule(people=st.permutations([OLIVIA, RITA, OTTO, SAM]))
    def everybody_agrees(self, people: list[Person]) -> None:
        """All say yes, one after the other; the first two may be enough."""
        for person in people:
            self.answer(Vote(person.id, VoteWord.YES, self.now, person.accounts[0]))

    def answer(self, vote: Vote) -> None:
        """One vote, in its own transaction."""
        with Session(ENGINE) as session, session.begin():
            RequestStore(session, KEY).record_vote(self.request.id, vote, self.roster, self.now)

    @rule(person=ON_ROSTER, roles=ROLES, active=st.booleans(), linked=st.booleans())
    def roster_changes(self, person: Person, roles: frozenset[Role], active: bool, linked: bool) -> None:
        """Somebody gets or loses a role, an account, or the place on the desk."""
        changed = replace(person, roles=roles, active=active, accounts=person.accounts if linked else ())
        self.roster = Roster(tuple(changed if one.id == person.id else one for one in self.roster))

    @rule()
    def roster_is_as_before(self) -> None:
        """All changes are taken back."""
        self.roster = ROSTER

    @rule(step=st.sampled_from([-60, 1, 60, 300, 900]))
    def time_passes(self, step: int) -> None:
        """The clock goes on, or is set back a little."""
        self.now += timedelta(seconds=step)

    @rule(way=st.sampled_from(["cancel", "void", "expire"]))
    def somebody_closes(self, way: str) -> None:
        """Cancelled by the requester, void by drift, or expired by the sweep."""
        with Session(ENGINE) as session, session.begin():
            store = RequestStore(session, KEY)
            stored = store.get(self.request.id)
            try:
                if way == "expire":
                    store.expire_overdue(self.now)
                elif way == "cancel":
                    store.decide(stored.cancel(OTTO.id, self.now))
                else:
                    approved = stored.state is RequestState.APPROVED
                    write = store.void_execution if approved else store.decide
                    write(stored.void(self.now, "drift"))
            except ApprovalError:
                pass

    @rule()
    def somebody_presses_go(self) -> None:
        """The act is claimed, its grant spent; what is claimed must have had its people at that moment."""
        with Session(ENGINE) as session, session.begin():
            store, grants = RequestStore(session, KEY), GrantStore(session)
            try:
                claimed = store.claim_execution(self.request.id, self.roster, self.now)
            except ApprovalError:
                return
            grant = grants.issue(store.get(self.request.id))
            self.claims += claimed
            self.spent += grants.spend(grant.id, self.now)
            if claimed:
                grant.covers(self.request.payload_text, self.request.action, self.now)
                self.two_eligible_persons_said_yes(store)

    @rule(outcome=st.sampled_from([ExecutionState.EXECUTED, ExecutionState.FAILED, ExecutionState.UNKNOWN]))
    def it_ends(self, outcome: ExecutionState) -> None:
        """The claimed act ends in one way and keeps it."""
        with Session(ENGINE) as session, session.begin():
            try:
                RequestStore(session, KEY).finish_execution(self.request.id, outcome, "", self.now)
            except ApprovalError:
                return
            assert self.ended is None
            self.ended = outcome

    def two_eligible_persons_said_yes(self, store: RequestStore) -> None:
        """Counted apart from the code under test: today's roster against the stored votes."""
        good = []
        for vote in store.votes(self.request.id):
            person = self.roster.get(vote.person)
            if (
                vote.vote is VoteWord.YES
                and person
                and person.active
                and person.roles
                and vote.account in person.accounts
            ):
                assert (vote.kind is VoteKind.REQUESTER) == (person.id == self.request.requested_by)
                good.append(person)
        assert len({person.id for person in good}) == len(good) >= self.request.rule.persons >= 2
        assert self.request.requested_by in {person.id for person in good}
        assert not unfilled_roles(self.request.rule.among, good)
        assert self.now < self.request.expires_at + timedelta(seconds=self.request.rule.grant_s)

    @invariant()
    def final_is_final(self) -> None:
        """No way leads out of a final state, and what was asked for never changes."""
        if not hasattr(self, "request"):
            return
        with Session(ENGINE) as session, session.begin():
            stored = RequestStore(session, KEY).get(self.request.id)
            people = [vote.person for vote in RequestStore(session, KEY).votes(self.request.id)]
        assert len(people) == len(set(people))
        assert (stored.payload_text, stored.digest, stored.rule) == (
            self.request.payload_text,
            self.request.digest,
            self.request.rule,
        )
        closed = [state for state in self.seen if state is not RequestState.PENDING]
        assert not closed or stored.state is closed[-1]
        self.seen.append(stored.state)

    @invariant()
    def at_most_one_execution(self) -> None:
        """However often Go is pressed."""
        if hasattr(self, "request"):
            assert self.spent <= self.claims <= 1

    def teardown(self) -> None:
        """At the end of the day somebody presses Go twice, whatever came before."""
        if hasattr(self, "request"):
            self.somebody_presses_go()
            self.somebody_presses_go()
            self.at_most_one_execution()
            self.final_is_final()


class TestDesk(Desk.TestCase):
    """Some days, in every run."""

    settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@pytest.mark.prove
@pytest.mark.timeout(900)
class TestManyDays(Desk.TestCase):
    """Many more, with more happening on each."""

    settings = settings(max_examples=1_500, stateful_step_count=50, deadline=None)
