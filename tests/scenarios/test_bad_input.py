"""Whatever is typed, sent or pressed wrongly: one clear private sentence, nothing started, nothing lost."""

import pytest
from slack_sdk import WebClient

from tests.scenarios.conversation import Card
from tests.scenarios.desk import CHECKLIST, Desk, until

pytestmark = pytest.mark.xdist_group("bad input")  # one desk for those that leave nothing behind


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/peak stauts", "Did you mean /peak status?"),
        ("/peak 🚀🚀🚀", "/peak help lists every word"),
        ("/peak " + "x" * 10_000, "longer than a command can be"),
        ("/peak \u202e\x07\u200bxyzzy", "nothing was done"),
        ("/peak live begin", "only “start” is known"),
        ("/peak live start ma_crosover BTC/USD", "Did you mean ma_crossover"),
        ("/peak live start ma_crossover DOGE/USD", "“DOGE/USD” is no symbol of this desk"),
        ("/peak stop", "Which one?"),
        ("/peak stop nothing", "No open session is called"),
        ("/peak preview", "Strategies: ma_crossover, momentum"),
        ("/peak pause BTC/USD", "No open session is called"),
        ("/peak <!channel> <@UOLIVIA00>", "I do not know"),
    ],
)
def test_every_odd_command_gets_one_private_sentence(shared_desk: Desk, typed: str, told: str) -> None:
    """The person is told what happened and what to do next; nobody else hears anything."""
    shared_desk.otto.says(typed).is_told(told)
    shared_desk.verify_silence()
    assert not shared_desk.sessions()


@pytest.mark.parametrize("typed", ["halt everything please", " /peak-kill price feed looks wrong"])
def test_a_message_to_the_bot_is_told_what_would_be_heard(shared_desk: Desk, typed: str) -> None:
    """Once, in private; nothing is done, and the bot does not answer its own answer. Commands work there."""
    desk = shared_desk
    desk.otto.says(typed, channel="dm").is_told("/peak-kill halts everything at once")
    desk.gil.says(typed, channel="dm").is_told("guest")
    desk.verify_silence()
    desk.otto.says("/peak status", channel="dm").is_told("Nothing is live")
    desk.verify_silence()


@pytest.mark.parametrize("notional", ["1e999", "-0", "NaN", "0", "-5", "1,000", "١٠٠", "100 USD", "101"])
def test_an_odd_notional_is_refused_in_the_form(shared_desk: Desk, notional: str) -> None:
    """The form stays open with the error beside the field."""
    desk = shared_desk
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    desk.otto.fills(notional=notional, reason="odd", checklist=CHECKLIST).submits()
    desk.otto.sees_error("notional", "")
    desk.otto.closes()
    desk.verify_silence()


def test_typographic_dashes_and_blanks_are_understood(shared_desk: Desk) -> None:
    """Phones write dashes and blanks of their own."""
    shared_desk.otto.says("/peak\u00a0status").is_told("Nothing is live")


def test_an_unticked_checklist_is_named(shared_desk: Desk) -> None:
    """What is still open stands beside the list."""
    desk = shared_desk
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    desk.otto.fills(notional="50", reason="odd", checklist=["limits"]).submits()
    desk.otto.sees_error("checklist", "Still open")
    desk.otto.closes()


def test_ten_presses_of_go_live_start_one_session(desk: Desk) -> None:
    """Many people press at once; one session starts, the others are told why not."""
    desk.control("market", pair="BTC/USD", trend="up")
    card = desk.asks_to_go_live()
    desk.is_approved(card)
    desk.press_at_once([desk.otto, desk.olivia, desk.rita, desk.sam, desk.gil] * 2, card, "Go live")
    desk.may_say("First order")
    desk.may_say("Fill: buy")
    desk.channel("trading-ops").expects("BTC/USD is live").now_reads("Open orders 0")
    card.now_reads("the session is live", buttons=[])
    until(lambda: desk.orders_sent() or None, "The session never traded")
    assert len(desk.sessions()) == 1
    assert len(desk.orders_sent()) == 1


def test_an_attempt_at_a_protected_act_is_on_record(shared_desk: Desk) -> None:
    """Who tried what is in the record, and the record is whole; one eligible no closes the request."""
    desk = shared_desk
    card = desk.asks_to_go_live()
    desk.gil.clicks(card, "Approve").is_told("guest")
    desk.sam.clicks(card, "Approve").is_refused("no role")
    _somebody_has_the_bots_token(desk, card)
    desk.rita.says("/peak live start ma_crossover BTC/USD").is_told("The same was asked by Otto already")
    desk.rita.says("/peak live start ma_crossover ETH/USD").sees_form("Start a live session")
    desk.rita.fills(symbol="BTC/USD", notional="90", reason="the same", checklist=CHECKLIST).submits()
    desk.rita.sees_error("symbol", "The same was asked by Otto already").closes()
    desk.rita.rejects(card, "not twice").is_told("counted")
    card.thread.expects("Rita said no: not twice")
    desk.otto.is_told("was rejected by Rita")
    card.now_reads("Rejected by Rita", buttons=[]).now_reads("not twice")
    assert not desk.sessions()
    assert desk.recorded("request.vote") == 1
    export = desk.shell("audit", "export").stdout
    assert "T0PEAKOPS/UGIL00000" in export
    assert '"actor":"sam"' in export
    assert desk.shell("audit", "verify").returncode == 0


def _somebody_has_the_bots_token(desk: Desk, card: Card) -> None:
    """Rule 19: a copy of our card, and our card with other words, are as much ours as Slack can tell."""
    thief = WebClient(desk.environ["SLACK_BOT_TOKEN"], base_url=desk.environ["SLACK_API_URL"])
    approvals, alerts = desk.channel("trading-approvals"), desk.channel("trading-alerts")
    thief.chat_postMessage(channel=card.said.channel, text="Otto asks for lunch", blocks=card.blocks)
    copy = approvals.expects("Otto asks to go live")
    desk.olivia.clicks(copy, "Approve").is_refused("not on the card as I posted it")
    alerts.expects("A false card was pressed").now_reads("a message that is not the request")

    lunch = {"type": "section", "text": {"type": "mrkdwn", "text": "Otto asks for lunch"}}
    ours = {"channel": card.said.channel, "ts": card.ts}
    thief.chat_update(**ours, text="Otto asks for lunch", blocks=[lunch, card.blocks[-1]])
    desk.olivia.clicks(card.now_reads("for lunch"), "Approve").is_refused("not on the card as I posted it")
    card.now_reads("asks to go live", buttons=["Approve", "Reject", "Withdraw"])
    assert desk.recorded("request.vote") == 0
