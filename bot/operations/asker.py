"""Whoever asked for something, and the one private answer that this gets."""

from dataclasses import dataclass
from datetime import datetime

from approvals.person import Account
from bot.storage import Transaction
from bot.view import View
from bot.views.replies import sentence


@dataclass(frozen=True, slots=True)
class Asker:
    """The account that spoke, and the way back to it; `cause` is Slack's own key of this one act.

    `redelivered` says that the act may have been carried out already, by a listener that did not end.
    """

    account: Account
    cause: str
    channel: str | None = None
    response_url: str | None = None
    redelivered: bool = False

    def told(self, tx: Transaction, text: str, *moments: datetime) -> None:
        """Answer in one sentence that may name moments, saved with whatever else this transaction does.

        The first answer to an act stands: when a crash has the act run again, what is said then is dropped.
        """
        self.shown(tx, sentence(text, *moments))

    def refused(self, tx: Transaction, text: str, *moments: datetime) -> None:
        """Say no to what was pressed: in private at that place, which vanishes, and by direct message."""
        self._reply(tx, answer_key(self.cause), sentence(text, *moments), lasting=True)

    def told_soon(self, tx: Transaction, text: str) -> None:
        """Say that what takes a while has begun; the answer still follows, after a crash too."""
        self._reply(tx, f"{self.cause}:begun", sentence(text))

    def shown(self, tx: Transaction, view: View) -> None:
        """Answer with a view, under the same rule."""
        self._reply(tx, answer_key(self.cause), view)

    def _reply(self, tx: Transaction, key: str, view: View, *, lasting: bool = False) -> None:
        url = self.response_url
        tx.outbox.reply(
            key, view, account=self.account, channel=self.channel, response_url=url, lasting=lasting
        )


def answer_key(cause: str) -> str:
    """The outbox key of the one answer to an act."""
    return f"{cause}:answer"


def answered(tx: Transaction, cause: str) -> bool:
    """Whether an act has its answer, which is saved with what it did: then it is done."""
    return tx.outbox.knows(answer_key(cause))
