"""Beginning a desk: two people of its files, an owner among them, let roster, policy and home count."""

from typing import Any

from approvals.in_force import Kind, changed_fields
from approvals.person import Person
from approvals.request import ApprovalRequest
from bot.operations.desk import NOT_BEGUN, Desk
from bot.operations.in_force import put_in_force
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence

# Where a request to clear the halt holds the roster and policy that it would put in force.
BEGINS = "begins"


def has_been_begun(tx: Transaction) -> bool:
    """Whether two people have begun this desk."""
    return tx.in_force.get(Kind.ROSTER) is not None


def begins_value(desk: Desk) -> dict[str, Any]:
    """What a request to clear the halt has to hold besides, on a desk that it would begin."""
    return {} if desk.begun else {BEGINS: {str(kind): desk.rules.value(kind) for kind in Kind}}


def begins_lines(desk: Desk) -> tuple[str, ...]:
    """Every person and every row that would be in force, a line each."""
    return tuple(line for kind in Kind for line in changed_fields({}, desk.rules.value(kind)))


def put_begun(tx: Transaction, request: ApprovalRequest, by: Person) -> None:
    """Put in force what an approved request holds, if it begins a desk."""
    for kind, value in request.payload.get(BEGINS, {}).items():
        put_in_force(tx, Kind(kind), value, request.id, by.id)


class TellNotBegun:
    """Say once in the operations channel what a fresh desk waits for."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(self) -> bool:
        """Give whether the desk waits to be begun."""
        if self._desk.begun:
            return False
        with self._storage.transaction() as tx:
            told = sentence(NOT_BEGUN)
            tx.outbox.post("desk:not-begun", self._desk.channels.ops, told, Urgency.FIRST)
        return True
