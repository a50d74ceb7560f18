"""Answering a request, taking it back, letting it expire, and what its card says."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from approvals.errors import ApprovalError, RequestUnknown
from approvals.events import ExecutionChanged, RequestDecided, VoteRefused
from approvals.factor import Code
from approvals.payload import one_line
from approvals.person import Account, Person
from approvals.quorum import Refusal, may_vote, tally
from approvals.request import ApprovalRequest, Assurance, RequestId, RequestState, Vote, VoteWord
from bot.operations.alerts import raise_alert
from bot.operations.asker import Asker
from bot.operations.desk import Desk, Refused
from bot.operations.edited_rows import refused_by
from bot.operations.notices import tell_asker, tell_vote
from bot.operations.request_card import pending, read_card, subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.summaries import CodeAsked, PendingApproval, RequestCard
from bot.views.code_field import CODE
from bot.views.wording import SAME_DAY

# What a button carries may come from anybody.
SUBJECT_MAX = 60

ANOTHER_SHOWN = (
    "The form showed something else than this request holds, so nothing was counted. Open it again from the "
    "card, and tell an owner."
)
FALSE_FORM = (
    "This form is not one that I opened for you, so nothing was counted. Press the button on the card again, "
    "and tell an owner. A code that you typed there was seen by somebody else: wait for the next one."
)


@dataclass(frozen=True, slots=True)
class Answerable:
    """What the form of an answer restates, the code that it has to ask for, and the mark that it carries."""

    card: RequestCard
    code: CodeAsked | None
    opened: str


class AnswerRequest:
    """Count one person's yes or no."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def before(
        self, actor: Person, request_id: RequestId, word: VoteWord, asker: Asker | None = None
    ) -> Answerable | Refused:
        """What a form that asks for the answer restates; whoever may not answer is refused before it opens.

        Raises RequestUnknown.
        """
        with self._storage.transaction() as tx:
            request = tx.requests.get(request_id)
            votes = tx.requests.votes(request_id)
            if refusal := may_vote(request, actor, votes, self._desk.roster, tx.now):
                return self._refused(tx, request, actor, refusal, asker)
            needs_code = request.rule.step_up and word is VoteWord.YES
            if needs_code and (unable := tx.factors.may_prove(actor.id, tx.now)):
                return self._refused(tx, request, actor, unable, asker)
            factor = tx.factors.get(actor.id) if needs_code else None
            card, opened = read_card(tx, self._desk, request_id), _mark(tx, actor, request, word)
        if card is None:
            raise RequestUnknown(wanted=request_id)
        return Answerable(card, CodeAsked(factor.phrase) if factor else None, opened)

    def __call__(
        self,
        actor: Person,
        account: Account,
        request_id: RequestId,
        word: VoteWord,
        reason: str = "",
        asker: Asker | None = None,
        *,
        shown: str | None = None,
        opened: str | None = None,
        seen: Mapping[str, str] | None = None,
        code: Code | None = None,
    ) -> ApprovalRequest | Refused:
        """The code, the vote, the new tally, the decision and the card are one transaction.

        `shown` is the digest of the payload that the person was shown; another one is not what this request
        holds. `opened` is the mark of the form: one that this bot did not open for this person answers
        nothing. `seen` are digests of what the card and the form looked like, kept with the vote.
        """
        with self._storage.transaction() as tx:
            try:
                request = tx.requests.get(request_id)
                if opened is not None and not _same(opened, _mark(tx, actor, request, word, shown)):
                    return self._false_form(tx, actor, request, word, asker)
                if shown is not None and shown != request.digest:
                    return Refused(ANOTHER_SHOWN)
                proof = self._proof(tx, request, actor, word, code, asker)
                if isinstance(proof, Refused):
                    return proof
                vote = Vote(actor.id, word, tx.now, account, proof, reason)
                outcome = tx.requests.record_vote(request_id, vote, self._desk.roster, tx.now)
            except ApprovalError as error:
                return refused_by(tx, self._desk, error)
            if isinstance(outcome, Refusal):
                return self._refused(tx, request, actor, outcome, asker)
            tx.outbox.card(subject(request_id), self._desk.channels.approvals, Urgency.FIRST)
            tx.record(replace(outcome, seen=seen or {}))
            if outcome.request.state is not RequestState.PENDING:
                tx.record(RequestDecided(outcome.request))
                tell_asker(tx, self._desk, outcome.request)
            tell_vote(tx, self._desk, outcome.request, outcome.vote)
            if asker is not None:
                then = self._then(tx, outcome.request)
                asker.told(
                    tx, f"Your {word} to “{outcome.request.name}” is counted; {then}.", request.expires_at
                )
            return outcome.request

    def _false_form(
        self, tx: Transaction, actor: Person, request: ApprovalRequest, word: VoteWord, asker: Asker | None
    ) -> Refused:
        """On record and an alert: somebody else has opened a form in our name."""
        note_refused(tx, actor.id, word, request.id, "a form that this bot did not open")
        raise_alert(
            tx,
            self._desk,
            f"forged:{asker.cause if asker else tx.now.isoformat()}",
            "card.forged",
            "high",
            "A false form was sent",
            f"{actor.name} answered “{request.name}” in a form that this bot did not open.",
            "Approve nothing until this is cleared up: somebody holds the bot's token. Make new tokens in "
            "the app's settings, and start the bot with them.",
        )
        if asker is not None:
            asker.refused(tx, FALSE_FORM)
        return Refused(FALSE_FORM, on_record=True)

    def _proof(
        self,
        tx: Transaction,
        request: ApprovalRequest,
        actor: Person,
        word: VoteWord,
        code: Code | None,
        asker: Asker | None,
    ) -> Assurance | Refused:
        """How surely it is the person who says yes; a code is used up only by somebody who may answer."""
        if not request.rule.step_up or word is VoteWord.NO:
            return Assurance.NONE
        votes = tx.requests.votes(request.id)
        if refusal := may_vote(request, actor, votes, self._desk.roster, tx.now):
            return self._refused(tx, request, actor, refusal, asker)
        cause = asker.cause if asker else ""
        outcome = tx.factors.prove(actor.id, code or Code(""), request.id, cause, tx.now)
        if isinstance(outcome, Refusal):
            tx.record(VoteRefused(request, actor.id, outcome))
            return Refused(outcome.sentence, {CODE: outcome.sentence}, on_record=True)
        return outcome

    def _refused(
        self, tx: Transaction, request: ApprovalRequest, actor: Person, refusal: Refusal, asker: Asker | None
    ) -> Refused:
        """Put a no on record, tell it in private, and redraw the card, which may say too little."""
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        tx.record(VoteRefused(request, actor.id, refusal))
        refused = Refused(refusal.sentence, moments=_moments(request), on_record=True)
        if asker is not None:
            asker.refused(tx, refused.sentence, *refused.moments)
        return refused

    def _then(self, tx: Transaction, request: ApprovalRequest) -> str:
        """What a request still needs after an answer."""
        if request.state is not RequestState.PENDING:
            return f"the request is {request.state}"
        counted = tally(request, tx.requests.votes(request.id), self._desk.roster, tx.now)
        day = "" if request.expires_at - tx.now < SAME_DAY else f"{request.expires_at:%Y-%m-%d} "
        return f"it still waits for {counted.missing}, until {day}{request.expires_at:%H:%M} UTC"


def _mark(
    tx: Transaction, actor: Person, request: ApprovalRequest, word: VoteWord, digest: str | None = None
) -> str:
    """The mark of a form in which a person answers a request so."""
    return tx.mark("form", actor.id, request.id, request.digest if digest is None else digest, word)


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode())


def _moments(request: ApprovalRequest) -> tuple[datetime, ...]:
    """The times that a refusal may name."""
    return tuple(at for at in (request.decided_at, request.expires_at) if at is not None)


class NoteStranger:
    """Put into the record that somebody who may not decide has tried to."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def __call__(self, account: str, what: str, subject_id: str, why: str) -> None:
        """One row, whoever it was."""
        with self._storage.transaction() as tx:
            note_refused(tx, account, what, subject_id, why)


def note_refused(tx: Transaction, who: str, what: str, subject_id: str, why: str) -> None:
    """Put an attempt into the record with whatever else this transaction does."""
    tx.note("refused", who or "unknown", one_line(subject_id, SUBJECT_MAX), what=what, why=why)


class WithdrawRequest:
    """Take a request back; only its asker may."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> ApprovalRequest | Refused:
        """Cancel it unless it is decided already."""
        with self._storage.transaction() as tx:
            try:
                request = tx.requests.get(request_id)
                if request.requested_by != actor.id:
                    who = self._desk.name_of(request.requested_by)
                    votes = tx.requests.votes(request.id)
                    may_reject = may_vote(request, actor, votes, self._desk.roster, tx.now) is None
                    hint = "You can reject it." if may_reject else "Nothing was changed."
                    return Refused(f"Only {who}, who asked, can withdraw this. {hint}")
                after = request.cancel(actor.id, tx.now)
            except ApprovalError as error:
                return Refused(str(error))
            if not tx.requests.decide(after):
                return Refused("This request was decided in the same moment, so nothing was changed.")
            tx.record(RequestDecided(after))
            tx.outbox.card(subject(request_id), self._desk.channels.approvals, Urgency.FIRST)
            if asker is not None:
                asker.told(tx, f"Withdrawn: “{after.name}”.")
            return after


class ExpireRequests:
    """Tidy up after time has passed: the state says it anyway, the cards should too."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(self) -> None:
        """Close what is overdue and redraw it."""
        with self._storage.reading() as tx:
            if not (tx.requests.overdue_requests(tx.now) or tx.requests.lapsed_requests(tx.now)):
                return
        with self._storage.transaction() as tx:
            for late in tx.requests.expire_overdue(tx.now):
                tx.record(RequestDecided(late))
                tell_asker(tx, self._desk, late)
                tx.outbox.card(subject(late.id), self._desk.channels.approvals, Urgency.FIRST)
            for lapsed in tx.requests.lapsed_requests(tx.now):
                void = lapsed.void(tx.now, "nobody carried it out in time")
                if tx.requests.void_execution(void):
                    tx.record(ExecutionChanged(void))
                    tell_asker(tx, self._desk, void)
                    tx.outbox.card(subject(lapsed.id), self._desk.channels.approvals, Urgency.FIRST)

    def redraw(self) -> None:
        """Have what is still open drawn anew: how a card was shown before may not be known here."""
        with self._storage.transaction() as tx:
            for request in [*tx.requests.open_requests(tx.now), *tx.requests.executable_requests(tx.now)]:
                tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)


class ReadRequests:
    """What listeners ask about requests before they act."""

    def __init__(
        self, storage: Storage, desk: Desk, workspace_url: Callable[[], str | None] = lambda: None
    ) -> None:
        self._storage = storage
        self._desk = desk
        self._workspace_url = workspace_url

    def action(self, request_id: RequestId) -> str:
        """What the request is for; raises RequestUnknown."""
        with self._storage.reading() as tx:
            return tx.requests.get(request_id).action

    def pending(self) -> tuple[PendingApproval, ...]:
        """What waits for whom."""
        with self._storage.reading() as tx:
            return pending(tx, self._desk, self._workspace_url())
