"""Pictures of what no fault brings about in a minute: reported to the bot's own parts, or drawn."""

from dataclasses import replace
from datetime import datetime, timedelta

from slack_sdk import WebClient

from approvals.errors import RowForged
from bot.clock import system_clock
from bot.delivery import Lost
from bot.inbox import Saved
from bot.installation import Installation, read_installation
from bot.lease import Holder
from bot.operations.alerts import raise_alert
from bot.operations.anchoring import tell_restored, tell_unwritten
from bot.operations.clock_watch import WatchClock
from bot.operations.edited_rows import refused_by
from bot.operations.forged import CheckPressed, Pressed
from bot.outbox import MessageKind
from bot.payloads import Kind
from bot.practice.people import GENERAL, OTTO, TRADING_APPROVALS
from bot.settings import Environment
from bot.troubles import HEALTH_REPORT, Troubles
from bot.view import View, as_dicts
from bot.views.halt import halt_card
from bot.views.notices import reminder_notice
from bot.views.replies import sentence
from bot.views.requests import request_card
from bot.views.sessions import session_card
from tests.bot.views import given
from tests.pictures.album import Album
from tests.scenarios.conversation import Card
from tests.scenarios.desk import Desk
from trading.events import EventKind, TradingEvent

UNPROVEN = "NOT PROVEN after 60.0 s: the venue did not answer. STILL HOLDING 0.0012 BTC."
ASLEEP = "Olivia (03:12 in Europe/Berlin)"
NOBODY_UP = (
    f"Nobody who could approve “amber falcon” is likely to be up: {ASLEEP}, +49 30 5550100. Whether "
    "they look at Slack is not known; they were told all the same. Call them, or withdraw it and ask "
    "again in their morning, from 12:15 UTC on."
)
ORDER = {"symbol": "BTC/USD", "side": "buy", "quantity": "0.00148", "type": "market"}
REPORTED: dict[EventKind, tuple[dict[str, str], str]] = {
    EventKind.ORDER_DENIED: (
        {**ORDER, "reason": "max_total_exposure exceeded (160.00 > 100)"},
        "Order blocked",
    ),
    EventKind.ORDER_REJECTED: ({**ORDER, "reason": "EOrder:Insufficient funds"}, "rejected an order"),
    EventKind.ORDER_UNKNOWN: ({**ORDER, "reason": "no answer within 10 s"}, "fate is unknown"),
    EventKind.SESSION_SILENT: ({"symbol": "BTC/USD", "open_orders": "1"}, "fell silent"),
    EventKind.SESSION_UNKNOWN: (
        {"symbol": "BTC/USD", "reason": "not proven: the venue did not answer for 60 s"},
        "ended without proof",
    ),
    EventKind.GATEWAY_STALE: (
        {"exchange": "kraken", "detail": "it goes by other settings than those of config.toml"},
        "goes by old settings",
    ),
    EventKind.BOOKS_DIFFER: (
        {"exchange": "kraken", "detail": "the venue holds 0.0148 BTC, our books 0.0133 BTC"},
        "The books differ",
    ),
    EventKind.TIMER_FIRED: (
        {"exchange": "kraken", "detail": "2 orders were cancelled at 03:12:44 UTC"},
        "dead-man timer",
    ),
    EventKind.LOSS_REACHED: (
        {
            "exchange": "kraken",
            "page": "2",
            "detail": "it has reached its limit, 63 of 50 USD",
        },
        "The loss of the day",
    ),
    EventKind.ACTIVATION_ENDING: (
        {"symbol": "BTC/USD", "detail": "its activation ends at 2026-11-28 09:12 UTC"},
        "ends soon",
    ),
    EventKind.ACTIVATION_ENDED: (
        {"symbol": "BTC/USD", "detail": "its activation ended at 2026-11-28 09:12 UTC"},
        "has ended",
    ),
    EventKind.BARS_MISSED: (
        {"symbol": "BTC/USD", "detail": "no new bar of 1m since 03:09:00 UTC, 3 were missed"},
        "gets no bars",
    ),
    EventKind.DATA_GAP: (
        {"symbol": "BTC/USD", "detail": "BTC/USD 1m 2026-11-20T10:00Z..10:07Z (7 missing)"},
        "Candles are missing",
    ),
}


def report(desk: Desk, album: Album) -> None:
    """What trading would report in a bad hour, told to the projector; and the bot's own troubles."""
    installation = read_installation(Environment.from_environ(desk.environ), system_clock)
    alerts, now = desk.channel("trading-alerts"), system_clock()
    for kind, (facts, title) in REPORTED.items():
        with installation.storage().transaction() as tx:
            tx.events.add(TradingEvent(f"picture:{kind}", kind, now, None, dict(facts)))
        album.takes(f"alert-{kind}", alerts.expects(title))
    with installation.storage().transaction() as tx:
        tx.events.add(TradingEvent("picture:fill", EventKind.FILL, now, desk.sessions()[0].id, {}))
    album.takes("alert-event.unprojected", alerts.expects("could not be shown"))
    trouble(installation, now)
    for kind, title in (
        ("listener.failed", "could not be carried out"),
        ("outbox.lost", "could not be delivered"),
        ("bot.moved", "another home"),
        ("slack.strangers", "our tokens"),
        ("card.forged", "A false card"),
        ("clock.set_back", "was set back"),
        ("schedule.missed", "did not come"),
        ("execution.unknown", "Nobody knows whether"),
        ("record.forged", "has written to the database"),
        ("record.restored", "not the one that this home knows"),
        ("report.unwritten", "could not be written"),
    ):
        album.takes(f"alert-{kind}", alerts.expects(title))


def trouble(installation: Installation, now: datetime) -> None:
    """Everything that the bot says of itself when something of its own goes wrong."""
    storage, desk = installation.storage(), installation.desk
    troubles = Troubles(storage, desk)
    payload = {"command": "/peak", "text": "stop BTC/USD", "channel_id": GENERAL.id}
    troubles.failed(Saved("command:1.2.abc", Kind.COMMAND, OTTO.account, payload, 3))
    reason = "is_archived, although it was tried 5 times"
    troubles.undeliverable(Lost("report:1", MessageKind.IMAGE, desk.channels.reports, 2, reason))
    ago = now - timedelta(hours=9)
    troubles.moved(Holder("bot-7", 7, "desk-b", 4711, "/var/lib/peak-ops", ago, ago, False))
    troubles.strangers(1)
    pressed = Pressed("req-0123456789abcdef", OTTO.account, TRADING_APPROVALS.id, "1795360999.000200", "")
    somebody = installation.desk.roster.desk[0]
    CheckPressed(storage, desk, lambda _: None)(pressed, somebody, "approve")
    troubles.missed(HEALTH_REPORT, TimeoutError("the gateway did not answer within 10 s"))
    with storage.transaction() as tx:
        title = "Nobody knows whether amber falcon was carried out"
        why, advice = "the bot ended while it was carried out", "Look at /peak status: does the halt stand?"
        raise_alert(tx, desk, "picture:claimed", "execution.unknown", "high", title, why, advice)
        refused_by(tx, desk, RowForged(what="The vote of Olivia on amber falcon"))
        tell_restored(tx, desk, "the database does not hold row 214 of the record, which this home noted")
    installation.highest.saw(now + timedelta(minutes=12))
    WatchClock(storage, desk)()
    full = OSError(28, "No space left on device", "reports/anchors.jsonl")
    tell_unwritten(storage, desk, "The head of the record", full)


def draw(desk: Desk, album: Album) -> None:
    """Cards of states that pass too quickly or come too seldom, from what the tests of views draw."""
    soon = given.SOON
    unproven = replace(given.OUTCOME, proven=False, detail="the venue did not answer for 90 s", open_orders=2)
    drawn = {
        "request-void": request_card(replace(given.REQUEST, state="void", outcome="the limits were changed")),
        "request-night": request_card(replace(given.REQUEST, asleep=(ASLEEP,))),
        "notice-reminder": reminder_notice(given.REQUEST, timedelta(minutes=2)),
        "notice-nobody-up": sentence(NOBODY_UP, soon),
        "request-failed": request_card(
            replace(given.APPROVED, execution="failed", outcome="the session did not start: no candles")
        ),
        "request-unknown": request_card(
            replace(given.APPROVED, execution="unknown", outcome="nobody knows whether it started")
        ),
        "session-starting": session_card(replace(given.SESSION, state="starting", started_at=None)),
        "session-unknown": session_card(
            replace(given.SESSION, state="unknown", proof=UNPROVEN, state_reason="asked for")
        ),
        "session-silent": session_card(replace(given.SESSION, silent_since=soon)),
        "halt-cancelling": halt_card(replace(given.HALT, outcomes=(), waiting_for=("kraken",))),
        "halt-unproven": halt_card(replace(given.HALT, outcomes=(unproven,))),
    }
    client = WebClient(desk.environ["SLACK_BOT_TOKEN"], base_url=desk.environ["SLACK_API_URL"])
    for name, view in drawn.items():
        album.takes(name, posted(desk, client, name, view))


def posted(desk: Desk, client: WebClient, name: str, view: View) -> Card:
    """A view in #general, under its name."""
    name_of_it = {"type": "context", "elements": [{"type": "plain_text", "text": f"Drawn: {name}"}]}
    client.chat_postMessage(channel=GENERAL.id, text=view.text, blocks=[name_of_it, *as_dicts(view.blocks)])
    return desk.channel("general").expects(f"Drawn: {name}")
