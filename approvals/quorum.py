"""Who counts towards the quorum of a request, who is set aside, and the words in which a vote is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from approvals.person import Person, PersonId, Role, Roster
from approvals.policy import Rule, SoloRule, unfilled_roles
from approvals.request import ApprovalRequest, Assurance, RequestState, Vote, VoteKind, VoteWord


class Reason(StrEnum):
    """Why a vote does not count, or why a person may not vote or ask."""

    NOT_ON_ROSTER = "not_on_roster"
    INACTIVE = "inactive"
    NO_ROLE = "no_role"
    MAY_NOT_ASK = "may_not_ask"
    REQUESTER = "requester"
    CONCERNED = "concerned"
    ALREADY_VOTED = "already_voted"
    NO_SECOND_FACTOR = "no_second_factor"
    NOT_ENROLLED = "not_enrolled"
    FACTOR_WAITS = "factor_waits"
    CODE_WRONG = "code_wrong"
    CODE_USED = "code_used"
    CODE_OF_ANOTHER = "code_of_another"
    CODE_VOID = "code_void"
    TOO_MANY_TRIES = "too_many_tries"
    UNTIMELY = "untimely"
    CLOSED = "closed"
    EXPIRED = "expired"
    VOID = "void"


SENTENCES = {
    Reason.NOT_ON_ROSTER: "You are not on this desk's roster, so this is not yours to decide. Ask its owner.",
    Reason.INACTIVE: "Your entry on the roster is not active, so this is not yours to decide. Ask an owner.",
    Reason.NO_ROLE: (
        "Only an operator, owner or risk officer may decide this, and you hold no role at the desk. "
        "You can always halt with /peak-kill."
    ),
    Reason.MAY_NOT_ASK: "Your role may not ask for this: it takes {roles}. Ask one of them to file it.",
    Reason.REQUESTER: "You asked for this yourself, so somebody else has to answer. You can withdraw it.",
    Reason.CONCERNED: "This is about yourself, so two others have to ask for it and agree to it.",
    Reason.ALREADY_VOTED: "You have answered this already, and the first answer stands. Nothing was changed.",
    Reason.NO_SECOND_FACTOR: "This needs your second factor, and none came with your answer. Add a code.",
    Reason.NOT_ENROLLED: (
        "This needs your second factor, and you have none, so nothing was done. Have it enrolled on the "
        "desk's machine: peak-ops enrol {person}."
    ),
    Reason.FACTOR_WAITS: (
        "Your second factor is new and counts from {good_from:%Y-%m-%d %H:%M} UTC on, so nothing was "
        "done. Somebody else has to answer until then."
    ),
    Reason.CODE_WRONG: (
        "This is not a code of yours, so nothing was done. Type the six digits that your app shows now, "
        "or a recovery code."
    ),
    Reason.CODE_USED: (
        "This code was used before, and each is good once, so nothing was done. Wait for the next one; "
        "it comes within 30 seconds."
    ),
    Reason.CODE_OF_ANOTHER: (
        "This code was used for another request, and each is good for one, so nothing was done. Wait for "
        "the next one; it comes within 30 seconds."
    ),
    Reason.CODE_VOID: (
        "The database was restored since, and no recovery code of before counts any more, so nothing was "
        "done. Type the six digits that your app shows now."
    ),
    Reason.TOO_MANY_TRIES: (
        "{tries} wrong codes were tried here, so no more are taken from you for this. Somebody else can do "
        "it, or you for a new request, or an hour later. If it was not you: halt, and tell an owner."
    ),
    Reason.UNTIMELY: "Your answer is dated outside the life of this request. Check the clocks.",
    Reason.CLOSED: "This request is already {state} (at {decided_at:%H:%M} UTC), so your answer is too late.",
    Reason.EXPIRED: "This request expired at {expires_at:%H:%M} UTC, so nothing was counted. Ask again.",
    Reason.VOID: "This request is void: {note}. Ask again for what holds now.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no to one person, with its reason and a private sentence that says what to do next."""

    reason: Reason
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Tally:
    """Who counts towards the quorum of one request, and who was set aside."""

    counted: tuple[Person, ...]
    set_aside: tuple[tuple[PersonId, Reason], ...]
    missing_roles: frozenset[Role]
    missing_persons: int

    @property
    def reached(self) -> bool:
        """Whether the request has all its people."""
        return not self.missing_roles and self.missing_persons == 0

    @property
    def missing(self) -> str:
        """What is still missing, in words: a person who fills a missing role is not counted twice."""
        roles = [f"{_article(role)} {role.replace('_', ' ')}" for role in sorted(self.missing_roles)]
        count = max(0, self.missing_persons - len(roles))
        persons = [f"{count} more {'person' if count == 1 else 'persons'}"] if count else []
        return " and ".join(roles + persons) or "nobody"


def _article(role: Role) -> str:
    return "an" if role[0] in "aeiou" else "a"


def tally(request: ApprovalRequest, votes: Iterable[Vote], roster: Roster, now: datetime) -> Tally:
    """Count the votes that are good *now*: by linked, active persons still in role.

    The policy is the one frozen into the request; the people are those of today.
    """
    counted: list[Person] = []
    set_aside: list[tuple[PersonId, Reason]] = []
    seen: set[PersonId] = set()
    for vote in votes:
        if vote.vote is VoteWord.NO:
            continue
        person = roster.get(vote.person)
        reason = Reason.ALREADY_VOTED if vote.person in seen else _flaw(request, vote, person, now)
        if reason is not None or person is None:
            set_aside.append((vote.person, reason or Reason.NOT_ON_ROSTER))
        else:
            counted.append(person)
            seen.add(person.id)
    missing = max(0, request.rule.persons - len(counted))
    if request.requested_by not in seen:
        missing = max(1, missing)  # without a requester who still stands behind it nobody can agree with him
    return Tally(
        counted=tuple(counted),
        set_aside=tuple(set_aside),
        missing_roles=unfilled_roles(request.rule.among, counted),
        missing_persons=missing,
    )


def may_vote(
    request: ApprovalRequest, person: Person | None, votes: Iterable[Vote], roster: Roster, now: datetime
) -> Refusal | None:
    """Say whether this person may answer this request now, and if not, why not."""
    known = None if person is None else roster.get(person.id)
    if reason := _standing(known):
        return refusal(reason)
    if known is not None and known.id == request.concerns:
        return refusal(Reason.CONCERNED)
    voted = {vote.person for vote in votes}
    if known is not None and known.id in voted:
        asked = known.id == request.requested_by
        return refusal(Reason.REQUESTER if asked else Reason.ALREADY_VOTED)
    match request.state_at(now):
        case RequestState.PENDING:
            return None
        case RequestState.EXPIRED:
            return refusal(Reason.EXPIRED, request)
        case RequestState.VOID:
            return refusal(Reason.VOID, request)
    return refusal(Reason.CLOSED, request)


def awaited(
    request: ApprovalRequest, votes: Iterable[Vote], roster: Roster, now: datetime
) -> tuple[Person, ...]:
    """Everybody whose yes would bring this request further now, an asker without one included.

    When only roles are missing, that is who holds one of them.
    """
    cast = tuple(votes)
    counted = tally(request, cast, roster, now)
    only_roles = counted.missing_persons <= len(counted.missing_roles)
    return tuple(
        person
        for person in roster
        if person.accounts
        and may_vote(request, person, cast, roster, now) is None
        and (person.roles & counted.missing_roles or not only_roles)
    )


def could_complete(
    request: ApprovalRequest,
    votes: Iterable[Vote],
    people: Iterable[Person],
    roster: Roster,
    now: datetime,
) -> bool:
    """Say whether the yes of all these people together would bring this request to its quorum."""
    assumed = (
        Vote(person.id, VoteWord.YES, now, person.accounts[0], Assurance.TOTP, kind=_kind(request, person))
        for person in people
        if person.accounts
    )
    return tally(request, (*votes, *assumed), roster, now).reached


def _kind(request: ApprovalRequest, person: Person) -> VoteKind:
    return VoteKind.REQUESTER if person.id == request.requested_by else VoteKind.APPROVER


def may_ask(rule: Rule | SoloRule, person: Person | None) -> Refusal | None:
    """Say whether this person may file a request under this rule, and if not, why not."""
    if reason := _standing(person):
        return refusal(reason)
    if person is not None and person.roles & rule.ask:
        return None
    return Refusal(Reason.MAY_NOT_ASK, SENTENCES[Reason.MAY_NOT_ASK].format(roles=_askers(rule)))


def refusal(reason: Reason, request: ApprovalRequest | None = None) -> Refusal:
    """Put a reason into its sentence, with the facts of the request."""
    if request is None:
        return Refusal(reason, SENTENCES[reason])
    facts = {
        "state": request.state,
        "decided_at": request.decided_at or request.expires_at,
        "expires_at": request.expires_at,
        "note": request.note or "what was asked for has changed",
        "roles": _askers(request.rule),
    }
    return Refusal(reason, SENTENCES[reason].format(**facts))


def _askers(rule: Rule | SoloRule) -> str:
    """The roles that may ask, in words."""
    return " or ".join(role.replace("_", " ") for role in sorted(rule.ask)) or "a role that nobody holds"


def _standing(person: Person | None) -> Reason | None:
    """What keeps this person from any desk decision."""
    if person is None:
        return Reason.NOT_ON_ROSTER
    if not person.active:
        return Reason.INACTIVE
    return None if person.roles else Reason.NO_ROLE


def _flaw(request: ApprovalRequest, vote: Vote, person: Person | None, now: datetime) -> Reason | None:
    """What keeps this yes from counting, looked at alone."""
    if reason := _standing(person):
        return reason
    if person is None or vote.account not in person.accounts:
        return Reason.NOT_ON_ROSTER
    if person.id == request.concerns:
        return Reason.CONCERNED
    is_requester = person.id == request.requested_by
    if is_requester != (vote.kind is VoteKind.REQUESTER):
        return Reason.REQUESTER
    if is_requester and not person.roles & request.rule.ask:
        return Reason.MAY_NOT_ASK
    if request.rule.step_up and vote.step_up is Assurance.NONE:
        return Reason.NO_SECOND_FACTOR
    if not request.created_at <= vote.at < request.expires_at or vote.at > now:
        return Reason.UNTIMELY
    return None
