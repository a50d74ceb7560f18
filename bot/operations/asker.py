"""Whoever asked for something, and the one private answer that this gets."""

from dataclasses import dataclass

from approvals.person import Account
from bot.storage import Transaction
from bot.view import View
from bot.views.replies import sentence


@dataclass(frozen=True, slots=True)
class Asker:
    """The account that spoke, and the way back to it; `cause` is Slack's own key of this one act."""

    account: Account
    cause: str
    channel: str | None = None
    response_url: str | None = None

    def told(self, tx: Transaction, text: str) -> None:
        """Answer in one sentence, saved with whatever else this transaction does.

        The first answer to an act stands: when a crash has the act run again, what is said then is dropped.
        """
        self.shown(tx, sentence(text))

    def shown(self, tx: Transaction, view: View) -> None:
        """Answer with a view, under the same rule."""
        tx.outbox.reply(
            f"{self.cause}:answer",
            view,
            account=self.account,
            channel=self.channel,
            response_url=self.response_url,
        )
