"""From a card's subject to its blocks: read the state, draw it whole, mark what is practice."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from decimal import Decimal

from approvals.person import Account
from bot.operations.clearing import clearing
from bot.operations.desk import Desk
from bot.operations.halt import LATE_AFTER_S
from bot.operations.reminders import draw_reminder
from bot.operations.request_card import read_card
from bot.operations.sessions import summarise
from bot.operations.status import ReadStatus
from bot.storage import Storage
from bot.view import View
from bot.views.alerts import alert_card
from bot.views.halt import halt_card
from bot.views.home import home_tab
from bot.views.requests import request_card
from bot.views.sessions import session_card

# What each symbol could be sold for now, and the ids of the sessions that are not heard of.
AccountNow = Callable[[], tuple[Mapping[str, Decimal], Collection[str]]]


class Renderers:
    """One method a kind of card; None when the subject is not there any more."""

    def __init__(self, storage: Storage, desk: Desk, account_now: AccountNow, status: ReadStatus) -> None:
        self._storage = storage
        self._desk = desk
        self._account_now = account_now
        self._status = status

    def request(self, request_id: str) -> View | None:
        """An approval request."""
        with self._storage.reading() as tx:
            card = read_card(tx, self._desk, request_id)
        return request_card(card) if card else None

    def reminder(self, whom: str) -> View | None:
        """What somebody is reminded of: `request id:person id`."""
        request_id, _, person_id = whom.partition(":")
        with self._storage.reading() as tx:
            return draw_reminder(tx, self._desk, request_id, person_id)

    def session(self, session_id: str) -> View | None:
        """A session."""
        prices, silent = self._account_now()
        with self._storage.reading() as tx:
            session = tx.sessions.get(session_id)
            summary = summarise(tx, self._desk, session, prices, silent) if session else None
        return session_card(summary) if summary else None

    def alert(self, alert_id: str) -> View | None:
        """An alert."""
        with self._storage.reading() as tx:
            alert = tx.alerts.get(alert_id)
        return alert_card(alert) if alert else None

    def halt(self, halt_id: str) -> View | None:
        """A halt."""
        with self._storage.reading() as tx:
            halt = tx.halts.get(halt_id)
            cleared = clearing(tx, self._desk, halt) if halt else None
            now = tx.now
        late = halt is not None and now - halt.at >= timedelta(seconds=LATE_AFTER_S)
        return halt_card(halt, cleared, late=late) if halt else None

    def home(self, account: str) -> View | None:
        """The Home tab of somebody who is still on the roster."""
        person = self._desk.roster.by_account(Account.parse(account))
        return home_tab(self._status(person)) if person is not None and person.active else None

    def by_kind(self) -> Mapping[str, Callable[[str], View | None]]:
        """What the outbox looks subjects up in, by their first part: `request:...`, `home:...`."""
        return {
            "request": self.request,
            "reminder": self.reminder,
            "session": self.session,
            "alert": self.alert,
            "halt": self.halt,
            "home": self.home,
        }
