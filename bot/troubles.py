"""What could not be done for somebody: told to that person, or raised as an alert."""

import logging
from dataclasses import fields

from approvals.errors import AccountUnreadable
from approvals.person import Account
from bot.delivery import Lost
from bot.halt_route import HaltCall
from bot.inbox import Saved
from bot.lease import Holder
from bot.operations.alerts import raise_alert, subject
from bot.operations.asker import Asker, answered
from bot.operations.desk import Desk
from bot.outbox import MessageKind
from bot.payloads import Kind
from bot.storage import Storage
from bot.views.replies import sentence

log = logging.getLogger(__name__)

FAILED = (
    "That was not carried out to its end, although it was tried several times. "
    "Look at /peak status for what was done, then ask again for what is still wanted. The bot's log says why."
)

HEALTH_REPORT = "health report"
_DID = {Kind.ACTION: "pressed a button", Kind.VIEW: "sent a form", Kind.EVENT: "opened a tab or wrote"}
_INSTEAD = {HEALTH_REPORT: "Ask for it with /peak health. "}
_IN_WORDS = {
    MessageKind.POST: "A message",
    MessageKind.CARD: "A card",
    MessageKind.REPLY: "A private answer",
    MessageKind.DM: "A direct message",
    MessageKind.IMAGE: "A picture",
}


class Troubles:
    """Says what went wrong to whoever has to know."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def failed(self, saved: Saved) -> None:
        """A listener failed for good, or comes too late: the person is told, and the desk.

        Nobody is told of an act that has its answer: only its end was never noted. Nor of an event of Slack's
        own that is too old, since nobody asked for anything with it.
        """
        with self._storage.transaction() as tx:
            if answered(tx, saved.key) or (saved.late and saved.key.startswith(f"{Kind.EVENT}:")):
                return
            try:
                account = Account.parse(saved.account)
            except AccountUnreadable:
                account = None
            if account is not None:
                url, channel = saved.payload.get("response_url"), saved.payload.get("channel_id")
                tx.outbox.reply(
                    f"{saved.key}:failed",
                    sentence(_too_late(saved) if saved.late else FAILED),
                    account=account,
                    channel=channel,
                    response_url=url,
                )
            title = "A command or click could not be carried out"
            advice = "Look into logs/peak-ops.log for its key."
            raise_alert(
                tx,
                self._desk,
                f"failed:{saved.key}",
                "listener.failed",
                "medium",
                title,
                f"{_who(self._desk, account)}: {_what(saved)}, in the log {saved.key}",
                advice,
            )

    def unanswered(self, call: HaltCall, text: str) -> None:
        """The answer to a pressed halt could not be given at once: it goes by direct message."""
        with self._storage.transaction() as tx:
            Asker(Account.parse(call.account), call.cause).told(tx, text)

    def undeliverable(self, lost: Lost) -> None:
        """Slack will not take a message; an alert says so, unless that alert itself is what was lost."""
        if lost.lane == self._desk.channels.alerts or lost.key.startswith(f"card:{subject('')}"):
            log.critical("an alert cannot be shown in Slack: %s (%s)", lost.key, lost.reason)
            return
        if lost.kind is MessageKind.HOME:
            return  # nobody is told anything by a Home tab, and it is drawn again at the next opening
        with self._storage.transaction() as tx:
            title = "A message could not be delivered"
            advice = "Run peak-ops doctor: is the bot in the channel, is the channel archived?"
            detail = f"{_IN_WORDS[lost.kind]} to {self._named(lost.lane)}: {lost.reason}"
            raise_alert(tx, self._desk, f"lost:{lost.key}", "outbox.lost", "high", title, detail, advice)

    def _named(self, lane: str) -> str:
        """A channel of the desk's by what it is for; others, and persons, by their id."""
        for field in fields(self._desk.channels):
            if getattr(self._desk.channels, field.name) == lane:
                return f"the channel for {field.name} ({lane})"
        return lane

    def moved(self, before: Holder) -> None:
        """This bot has taken over from one of another home, whose processes and halt it cannot see."""
        with self._storage.transaction() as tx:
            title = "The bot is at work in another home"
            detail = f"Before this one it was {before}. Sessions that ran there are not adopted here."
            advice = (
                "Make sure that the other machine is off, or end the gateway there: without its bot it "
                "trades on for two minutes, then only reduces. A halt there is not one here."
            )
            raise_alert(
                tx, self._desk, f"moved:{before.id}:{before.turn}", "bot.moved", "high", title, detail, advice
            )

    def strangers(self, count: int) -> None:
        """Slack counts links of this app that are not this bot's, and hands them part of the clicks."""
        with self._storage.transaction() as tx:
            title = "Somebody else is connected with our tokens"
            detail = f"Slack counts {count} link(s) of this app beside this bot's. Nothing live is started."
            advice = "Find who runs with these tokens and end it, or make new tokens in the app's settings."
            key = f"strangers:{tx.now:%Y-%m-%dT%H}"
            raise_alert(tx, self._desk, key, "slack.strangers", "high", title, detail, advice)

    def missed(self, job: str, error: BaseException) -> None:
        """A scheduled job failed; a report that did not come must itself be heard of."""
        with self._storage.transaction() as tx:
            title = f"The {job} did not come"
            detail = f"{type(error).__name__}: {error}"
            advice = _INSTEAD.get(job, "") + "Look into logs/peak-ops.log."
            raise_alert(
                tx,
                self._desk,
                f"missed:{job}:{tx.now:%Y-%m-%dT%H}",
                "schedule.missed",
                "high",
                title,
                detail,
                advice,
            )


def _who(desk: Desk, account: Account | None) -> str:
    person = desk.roster.by_account(account) if account is not None else None
    return person.name if person is not None else "Somebody who is not on the roster"


def _what(saved: Saved) -> str:
    """A command with its first word, which is never a secret; of anything else its kind."""
    command, text = saved.payload.get("command"), str(saved.payload.get("text") or "")
    return " ".join([f"typed {command}", *text.split()[:1]]) if command else _DID.get(saved.kind, "did it")


def _too_late(saved: Saved) -> str:
    command, text = saved.payload.get("command"), str(saved.payload.get("text") or "")
    what = f"“{command} {text[:60]}”" if command else "What you pressed or sent"
    return (
        f"{what} of {saved.received_at:%d %B %H:%M} UTC was not seen to its end before the bot went down, "
        "and is too old to be carried out now. Look at /peak status for what was done, then ask again "
        "for what is still wanted."
    )
