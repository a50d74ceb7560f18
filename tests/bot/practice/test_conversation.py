"""Unmodified Bolt against the workspace, over Socket Mode and over signed HTTP, as conversations."""

import httpx
import pytest

from bot.practice.people import OTTO
from tests.scenarios.conversation import Conversation


def test_a_story_from_command_to_decision(conversation: Conversation) -> None:
    """Command, form, complaint, update, card, refusal in private, decision, thread."""
    otto, olivia = conversation.otto, conversation.olivia

    otto.says("/peak order").fills(notional="500").submits().sees_error("Notional", "At most 100")
    otto.fills(notional="100", reason="first small run").submits().sees_form("Asked", "It is asked for")
    card = conversation.channel("trading-approvals").expects("Otto asks for 100", ["Approve", "Reject"])
    otto.clicks(card, "Approve").is_told("Not for you, otto")
    olivia.clicks(card, "Approve")

    card.now_reads("Approved by Olivia", buttons=[])
    card.thread.expects("Olivia said yes")
    otto.closes()


def test_what_is_left_empty_is_noticed_before_sending(conversation: Conversation) -> None:
    """A required field is checked as Slack's own client checks it."""
    conversation.otto.says("/peak order").submits().sees_error("Notional", "complete this required field")


def test_every_kind_of_field_arrives(conversation: Conversation) -> None:
    """Select, number, date, radio buttons and checkboxes come out as entered."""
    conversation.sam.says("/peak everything").fills(
        side="Sell", size="1.5", day="2026-11-20", venue="paper", checks=["Tests", "Keys"]
    ).submits()

    conversation.channel("trading-ops").expects("sell 1.5 2026-11-20 paper tests+keys")


def test_numbers_are_checked_before_sending(conversation: Conversation) -> None:
    """A number field takes numbers within its bounds."""
    sam = conversation.sam
    sam.says("/peak everything").fills(side="Buy", day="2026-11-20", venue="Kraken", checks=True)

    sam.fills(size="0.5").submits().sees_error("Size", "greater than or equal to 1")
    sam.fills(size="NaN").submits().sees_error("Size", "valid number")


def test_elements_in_messages_report_what_was_chosen(conversation: Conversation) -> None:
    """Overflow menu, select and link button all reach the app."""
    conversation.rita.says("/peak menu", channel="general")
    card = conversation.channel("general").expects("Pick one", buttons=["Docs"])

    conversation.rita.chooses(card, "more", "History").is_told("rita chose history")
    conversation.rita.chooses(card, "pick", "ETH").is_told("rita chose eth")
    conversation.rita.clicks(card, "Docs").is_told("rita chose docs")


def test_private_answers_are_private(conversation: Conversation) -> None:
    """Two persons are told two things at the same place."""
    conversation.otto.says("/peak one").is_told("I do not know one")
    conversation.gil.says("/peak two").is_told("I do not know two")


def test_response_url_answers_alone_and_aloud(conversation: Conversation) -> None:
    """The default is for one person, in_channel for all."""
    conversation.otto.says("/peak later").is_told("one")

    conversation.channel("trading-ops").expects("two")


def test_a_private_message_can_be_clicked_and_replaced(conversation: Conversation) -> None:
    """An ephemeral message is rewritten through its response address only."""
    conversation.otto.says("/peak order").fills(notional="5").submits().closes()
    card = conversation.channel("trading-approvals").expects("Otto asks for 5")

    conversation.rita.clicks(card, "Reject").is_told("Sure?", buttons=["Sure"])
    conversation.rita.clicks(conversation.rita.told, "Sure").is_told("Rejected")


def test_a_direct_message_reaches_one_person(conversation: Conversation) -> None:
    """What stands in Xena's direct messages is nobody else's."""
    conversation.xena.says("/peak dm hello").is_told("for you: hello")


def test_the_home_is_drawn_when_opened(conversation: Conversation) -> None:
    """app_home_opened reaches the app, and its buttons work."""
    otto = conversation.otto.opens_home().sees_home("Nothing waits for you", buttons=["Wake"])

    otto.clicks(otto.home, "Wake").is_told("otto chose wake")


def test_a_chart_is_shared_with_its_description(conversation: Conversation) -> None:
    """An uploaded image appears in the channel with its alt text."""
    conversation.otto.says("/peak chart")

    conversation.channel("trading-reports").expects("Equity rose")


def test_a_command_in_a_thread_is_refused(conversation: Conversation) -> None:
    """Slack itself says no; the app never hears of it."""
    conversation.otto.says("/peak menu")
    card = conversation.channel("trading-ops").expects("Pick one")

    conversation.otto.says("/peak order", thread=card).is_told("not supported in threads")


def test_a_mistyped_command_is_refused(conversation: Conversation) -> None:
    """What begins with a slash is never posted by accident."""
    conversation.otto.says("/peek").is_told("/peek is not a valid command")


def test_a_command_without_answer_times_out(conversation: Conversation) -> None:
    """After three seconds the person sees what Slack shows."""
    conversation.otto.says("/peak silence").is_told('/peak failed with the error "operation_timeout"')


def test_an_unexpected_message_fails_the_scenario(app_url: str) -> None:
    """Silence is verified: whatever nobody expected is listed with the conversation."""
    conversation = Conversation(app_url)
    conversation.otto.says("/peak order")
    conversation.otto.sees_form("Order")
    conversation.sam.says("/peak nonsense")

    with pytest.raises(AssertionError, match=r"to Sam alone: I do not know nonsense") as caught:
        conversation.verify_silence()

    assert "form shown" not in str(caught.value)
    assert "Sam says in #trading-ops: /peak nonsense" in str(caught.value)
    conversation.close()


def test_an_unexpected_form_or_complaint_fails_the_scenario(app_url: str) -> None:
    """A form nobody looked at and a complaint nobody read are not silence either."""
    conversation = Conversation(app_url)
    conversation.otto.says("/peak order").submits()
    conversation.sam.says("/peak everything")

    with pytest.raises(AssertionError, match="form shown to Sam: Everything") as caught:
        conversation.verify_silence()

    assert "complaint to Otto in 'Order'" in str(caught.value)
    conversation.close()


def test_tolerated_messages_pass(conversation: Conversation) -> None:
    """What may be said need not be expected."""
    conversation.channel("trading-ops").may_say("two")
    conversation.otto.may_be_told("one")

    conversation.otto.says("/peak later")


def test_a_missing_message_fails_with_the_conversation(app_url: str) -> None:
    """The failure says what was awaited, what came instead, and what happened before."""
    conversation = Conversation(app_url, deadline_s=0.2)
    conversation.otto.says("/peak later")

    with pytest.raises(AssertionError, match=r"Nothing new to #trading-ops reads 'three'") as caught:
        conversation.channel("trading-ops").expects("three")

    assert "New there: 'two'" in str(caught.value)
    assert "Otto says in #trading-ops: /peak later" in str(caught.value)
    conversation.close()


def test_a_vanished_view_cannot_be_sent(app_url: str) -> None:
    """The people API says in a sentence what cannot be done."""
    reply = httpx.post(f"{app_url}/desk/submit", json={"as": OTTO.id, "view_id": "V0GONE"})

    assert reply.status_code == 400
    assert reply.json() == {"error": "Otto has no view V0GONE open."}
