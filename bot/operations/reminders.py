"""Reminders of a request that nobody has answered: at half of its time, and shortly before the end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from approvals.errors import RequestUnknown
from approvals.person import Person
from approvals.request import ApprovalRequest, RequestId, RequestState
from bot.operations.desk import Desk
from bot.operations.request_card import able_to_approve, read_card, subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.view import View
from bot.views.notices import reminder_notice

LAST_CALL = timedelta(minutes=2)


class RemindAwaited:
    """Remind each person who could bring a request further, once at half-time and once at the last call.

    What was said is known by its key in the outbox, so a restart neither repeats nor forgets it.
    """

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(self) -> None:
        """Write the reminders that are due."""
        with self._storage.reading() as tx:
            if not any(self._due(tx)):
                return
        with self._storage.transaction() as tx:
            for request, person, key in self._due(tx):
                shown, about = f"reminder:{request.id}:{person.id}", subject(request.id)
                tx.outbox.drawn_dm(key, person.accounts[0], shown, Urgency.FIRST, about=about)

    def _due(self, tx: Transaction) -> Iterator[tuple[ApprovalRequest, Person, str]]:
        for request in tx.requests.open_requests(tx.now):
            if moment := moment_at(request, tx.now):
                for person in able_to_approve(tx, self._desk, request):
                    key = f"{request.id}:{moment}:{person.id}"
                    if not tx.outbox.knows(key):
                        yield request, person, key


def moment_at(request: ApprovalRequest, now: datetime) -> str:
    """Which reminder is due; of two that are, after a time without a bot, the later one alone."""
    half = request.created_at + (request.expires_at - request.created_at) / 2
    last = request.expires_at - LAST_CALL
    if now >= last > half:
        return "last call"
    return "half-time" if now >= half else ""


def draw_reminder(tx: Transaction, desk: Desk, request_id: str, person_id: str) -> View | None:
    """What a reminder says in the moment in which it leaves; None once nothing waits for this person."""
    try:
        request = tx.requests.get(RequestId(request_id))
    except RequestUnknown:
        return None
    card = read_card(tx, desk, request_id)
    waits = request.state_at(tx.now) is RequestState.PENDING
    if card is None or not waits or person_id not in {who.id for who in able_to_approve(tx, desk, request)}:
        return None
    return reminder_notice(card, request.expires_at - tx.now)
