"""What is said of a request beside its card: to those it waits for, to its asker, in the card's thread."""

from approvals.person import Person
from approvals.quorum import awaited, could_complete
from approvals.request import ApprovalRequest, Vote
from bot.operations.desk import Desk
from bot.operations.request_card import able_to_approve, asleep, read_card, subject
from bot.operations.waking import clock_of, up_next
from bot.outbox import Urgency
from bot.storage import Transaction
from bot.view import View
from bot.views.notices import outcome_notice, vote_line, waiting_notice
from bot.views.replies import sentence


def tell_awaited(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell everybody whose yes would bring a request further that it waits; its asker, if nobody will."""
    card = read_card(tx, desk, request.id)
    if card is None:
        return
    able = able_to_approve(tx, desk, request)
    for person in able:
        _tell(tx, person, request, "waits", waiting_notice(card))
    asker = desk.roster.get(request.requested_by)
    if asker is None or not asker.reachable:
        return
    votes = tx.requests.votes(request.id)
    if not could_complete(request, votes, able, desk.roster, tx.now):
        _tell(tx, asker, request, "nobody", _nobody_can(tx, desk, request, able))
    elif night := asleep(tx, desk, request, able):
        _tell(tx, asker, request, "night", _nobody_is_up(tx, request, night))


def _nobody_can(tx: Transaction, desk: Desk, request: ApprovalRequest, able: tuple[Person, ...]) -> View:
    wanted = awaited(request, tx.requests.votes(request.id), desk.roster, tx.now)
    names = ", ".join(person.name for person in wanted if person not in able)
    if not names:
        return sentence(
            f"Nobody can approve “{request.name}” now: too few of the people it needs can be reached. "
            "Withdraw it, and have people.toml put right."
        )
    return sentence(
        f"Nobody can approve “{request.name}” now: none of those it waits for has a second factor that "
        f"counts ({names}). Have it enrolled with peak-ops enrol <person>; then they can."
    )


def _nobody_is_up(tx: Transaction, request: ApprovalRequest, night: tuple[Person, ...]) -> View:
    people = ", ".join(
        clock_of(person, tx.now) + (f", {person.contact}" if person.contact else "") for person in night
    )
    morning = up_next(night, tx.now)
    again = f" {morning:%H:%M} UTC" if morning else ""
    return sentence(
        f"Nobody who could approve “{request.name}” is likely to be up: {people}. Whether they look at Slack "
        "is not known; they were told all the same. Call them, or withdraw it and ask again in their "
        f"morning, from{again} on.",
        *([morning] if morning else []),
    )


def tell_vote(tx: Transaction, desk: Desk, request: ApprovalRequest, vote: Vote) -> None:
    """One line in the thread of the card: who answered what, how surely it was they, and what follows."""
    card = read_card(tx, desk, request.id)
    if card is None:
        return
    line = vote_line(card, desk.name_of(vote.person), vote.vote, vote.step_up, vote.reason)
    key, thread = f"{request.id}:vote:{vote.person}", subject(request.id)
    tx.outbox.post(key, desk.channels.approvals, line, Urgency.FIRST, thread_of=thread)


def tell_asker(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell the asker what became of a request, and what to do now."""
    asker, card = desk.roster.get(request.requested_by), read_card(tx, desk, request.id)
    if card is not None and asker is not None and asker.reachable:
        _tell(tx, asker, request, f"{request.state}:{request.execution}", outcome_notice(card))


def _tell(tx: Transaction, person: Person, request: ApprovalRequest, what: str, view: View) -> None:
    key = f"{request.id}:{what}:{person.id}"
    tx.outbox.dm(key, person.accounts[0], view, Urgency.FIRST, about=subject(request.id))
