"""What every listener does first and last: find the person behind the account, and answer in private."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App, BoltContext, BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View as SlackView

from approvals.person import Account, Person
from bot.identity import Identity, Stranger
from bot.listeners.incoming import Incoming
from bot.operations.asker import answered
from bot.operations.desk import Refused
from bot.operations.requests import NoteStranger, note_refused
from bot.storage import Storage
from bot.view import View, as_dicts
from bot.views.replies import sentence
from bot.words import read

TRIGGER_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "trigger_expired"})


class Front:
    """The person at the door, and the way back to that person."""

    def __init__(self, identity: Identity, storage: Storage, note: NoteStranger) -> None:
        self._identity = identity
        self._storage = storage
        self._note = note

    def person(self, incoming: Incoming, protected: str = "", subject: str = "") -> Person | None:
        """Who this is; anybody else is refused in private, an attempt at a protected act goes on record.

        With `protected` the account is looked up at Slack, so that a guest or a leaver is seen at the click.
        """
        if incoming.account is None:
            return None
        found = self._identity.person(incoming.account, fresh=bool(protected))
        if not isinstance(found, Stranger):
            return found
        if protected:
            self._note(str(incoming.account), protected, subject, found.reason)
        self.answer(incoming, sentence(found.sentence))
        return None

    def known(self, incoming: Incoming) -> Person | str:
        """Who this is, or the sentence for anybody else; nothing is sent."""
        if incoming.account is None:
            return "This account cannot be read."
        found = self._identity.person(incoming.account)
        return found.sentence if isinstance(found, Stranger) else found

    def refuse(
        self,
        incoming: Incoming,
        actor: Person,
        refused: Refused,
        protected: str = "",
        subject: str = "",
        *,
        lasting: bool = False,
    ) -> None:
        """Say no in private, if `lasting` by direct message too.

        An attempt at a protected act goes on record with it, unless it stands there already.
        """
        with self._storage.transaction() as tx:
            if protected and not refused.on_record:
                note_refused(tx, actor.id, protected, subject, refused.sentence)
            if (asker := incoming.asker) is not None:
                tell = asker.refused if lasting else asker.told
                tell(tx, refused.sentence, *refused.moments)

    def answer(self, incoming: Incoming, view: View) -> None:
        """Answer the one person who asked: where it was asked, or by direct message when that is too late."""
        if (asker := incoming.asker) is not None:
            with self._storage.transaction() as tx:
                asker.shown(tx, view)

    def home_opened(self, account: Account, view: SlackView) -> None:
        """Note that somebody on the roster looks at the Home tab, and what will stand there."""
        with self._storage.transaction() as tx:
            tx.outbox.home_opened(account)
            tx.outbox.home_shown(account, as_dicts(view.blocks or ()))

    def open_form(self, incoming: Incoming, client: WebClient, form: SlackView) -> None:
        """Open a form for who asked; Slack lets a trigger expire after three seconds, which is told."""
        try:
            client.views_open(trigger_id=incoming.trigger_id, view=form)
        except SlackApiError as error:
            if error.response.get("error") not in TRIGGER_LATE:
                raise
            late = "Slack let the form expire before it opened, so nothing was done. Try again."
            self.answer(incoming, sentence(late))


def answered_once(storage: Storage) -> Callable[..., BoltResponse | None]:
    """Keep an act that has its answer from its listener: it is done, and comes again after a crash."""

    def middleware(context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse | None:
        if context.get("redelivered"):
            with storage.reading() as tx:
                if answered(tx, str(context["cause"])):
                    return BoltResponse(status=200)
        return next()

    return middleware


def words(*expected: str) -> Callable[[Mapping[str, Any]], bool]:
    """Match a command whose text begins with these words."""

    def matches(body: Mapping[str, Any]) -> bool:
        return "command" in body and read(str(body.get("text") or "")).starts(*expected)

    return matches


def register(app: App, command: str, listener: Callable[..., Any], *expected: str) -> None:
    """Let a listener hear a command that begins with these words."""
    app.command(command, matchers=[words(*expected)])(listener)
