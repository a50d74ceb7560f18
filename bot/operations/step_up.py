"""The second factor of whoever asks: whether a form needs a code, and whether the code is his."""

from approvals.factor import Code
from approvals.person import Person
from approvals.quorum import Refusal
from approvals.request import Assurance
from bot.operations.desk import Desk, Refused
from bot.operations.requests import note_refused
from bot.storage import Storage, Transaction
from bot.summaries import CodeAsked
from bot.views.code_field import CODE


class StepUp:
    """What a form that asks for a protected act needs to know, and the proof that comes with it."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def asked(self, actor: Person, action: str) -> CodeAsked | Refused | None:
        """The code that the form has to ask for; None where the policy wants none.

        Refused for a person who has no factor, or whose factor does not count yet.
        """
        if not self._desk.rule(action).step_up:
            return None
        with self._storage.reading() as tx:
            return code_asked(tx, actor)

    def __call__(self, actor: Person, action: str, code: Code, cause: str) -> Assurance | Refused:
        """Take the code of somebody who asks, in a transaction of its own."""
        with self._storage.transaction() as tx:
            return prove_asker(tx, self._desk, actor, action, code, cause)


def code_asked(tx: Transaction, actor: Person) -> CodeAsked | Refused:
    """The words that the form shows to its person; Refused when no code of his could count."""
    if refusal := tx.factors.may_prove(actor.id, tx.now):
        return Refused(refusal.sentence)
    factor = tx.factors.get(actor.id)
    return CodeAsked(factor.phrase if factor else "")


def prove_asker(
    tx: Transaction, desk: Desk, actor: Person, action: str, code: Code, cause: str
) -> Assurance | Refused:
    """Take one code for asking for an act; wrong ones are counted by the hour and put on record."""
    if not desk.rule(action).step_up:
        return Assurance.NONE
    asking = f"{action} {tx.now:%Y-%m-%dT%H}"
    outcome = tx.factors.prove(actor.id, code, asking, cause, tx.now)
    if isinstance(outcome, Refusal):
        note_refused(tx, actor.id, action, "", outcome.sentence)
        return Refused(outcome.sentence, {CODE: outcome.sentence}, on_record=True)
    return outcome
