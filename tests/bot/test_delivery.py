"""The way out, whatever Slack does meanwhile: nothing lost, nothing said twice."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.models.blocks import ButtonElement, HeaderBlock, SectionBlock
from slack_sdk.models.blocks.blocks import ActionsBlock

from bot.outbox import Urgency
from bot.practice.people import GENERAL, OTTO
from bot.practice.server import BOT_TOKEN
from bot.view import View
from tests.bot.faulty_slack import (
    in_trouble,
    lost_after_doing,
    rate_limited,
    refused,
    unreachable,
)
from tests.bot.intake import until
from tests.bot.outgoing import (
    OPS,
    Way,
    account,
    response_url,
    retried,
    retry,
    said,
    way_out,
)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An outbox, a line and a workspace; nothing runs yet."""
    with way_out(tmp_path) as way:
        yield way


def test_a_message_whose_answer_was_lost_is_not_said_twice(way: Way) -> None:
    """Before it repeats, the outbox looks whether its key stands in the channel."""
    way.line.fails("chat.postMessage", lost_after_doing)
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("bought 1 BTC"))
    retried(way)

    way.delivered()
    assert way.texts(OPS) == ["bought 1 BTC"]
    assert way.line.methods() == ["chat.postMessage", "conversations.history"]
    assert way.rows()[0].ts == way.sees(OPS)[0]["ts"]


def test_a_card_whose_answer_was_lost_hangs_once(way: Way) -> None:
    """The card that was posted is found and redrawn, not posted again."""
    way.line.fails("chat.postMessage", lost_after_doing)
    way.outbox.start()
    way.cards["7"] = "starting"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    until(lambda: way.rows()[0].error, "the first try failed")
    way.cards["7"] = "running"
    retried(way)

    way.delivered()
    assert way.texts(OPS) == ["running"]


def test_a_line_in_a_thread_whose_answer_was_lost_is_not_said_twice(way: Way) -> None:
    """Threads are looked through as well as channels."""
    way.cards["7"] = "running"
    way.outbox.start()
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.delivered()
    way.line.fails("chat.postMessage", lost_after_doing)
    with way.writing() as outbox:
        outbox.post("fill:1", OPS, said("bought 1 BTC"), thread_of="session:7")
    retried(way)

    way.delivered()
    assert way.texts(OPS) == ["running", "bought 1 BTC"]


def test_a_message_of_a_process_that_died_is_looked_for_before_it_is_repeated(way: Way) -> None:
    """The row was claimed, the message may stand: the next process looks first."""
    with way.writing() as outbox:
        outbox.post("one", OPS, said("bought 1 BTC"))
    WebClient(token=BOT_TOKEN, base_url=way.workspace.api_url).chat_postMessage(
        channel=OPS,
        text="bought 1 BTC",
        metadata={"event_type": "peak_ops_outbox", "event_payload": {"key": "one"}},
    )
    with way.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE outbox SET attempts = 1")
    way.outbox.start()

    way.delivered()
    assert way.texts(OPS) == ["bought 1 BTC"]


def test_retry_after_is_obeyed_and_holds_only_its_own_channel(way: Way) -> None:
    """Slack said when; other channels go on meanwhile."""
    way.line.fails("chat.postMessage", rate_limited(30), channel=OPS)
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
        outbox.post("two", OPS, said("two"))
        outbox.post("other", GENERAL.id, said("elsewhere"))
    way.outbox.start()
    until(lambda: way.states() == ["waiting", "waiting", "sent"], "the other channel went on")
    until(lambda: way.rows()[0].error, "Slack has said when")

    way.clock.passes(seconds=29)
    way.outbox.wake()
    with way.writing() as outbox:
        outbox.post("urgent", OPS, said("urgent"), Urgency.FIRST)
        outbox.post("probe", GENERAL.id, said("probe"))
    until(lambda: way.rows()[4].state == "sent", "the outbox has looked")
    assert way.texts(OPS) == []

    way.clock.passes(seconds=2)
    way.outbox.wake()
    way.delivered()
    assert way.texts(OPS) == ["urgent", "one", "two"]


@pytest.mark.parametrize(
    "fault", [unreachable, in_trouble, refused("internal_error"), refused("invalid_auth")]
)
def test_what_passes_is_tried_again(way: Way, fault: Any) -> None:
    """A broken line, Slack in trouble, a token being exchanged: nothing is lost."""
    way.line.fails("chat.postMessage", fault, fault)
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
    until(lambda: retry(way) or way.states() == ["sent"], "the message is sent")

    assert way.rows()[0].attempts == 3
    assert (way.texts(OPS), way.lost) == (["one"], [])


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived", "invalid_blocks"])
def test_what_slack_will_never_take_is_given_up_and_told(way: Way, error: str) -> None:
    """Somebody hears of it in another way, and the next message goes out."""
    way.line.fails("chat.postMessage", refused(error))
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"), Urgency.FIRST)
        outbox.post("two", OPS, said("two"))
    way.outbox.start()

    way.delivered()
    assert way.states() == ["failed", "sent"]
    lost = way.given_up()
    assert (lost.key, lost.lane, lost.reason) == ("one", OPS, error)
    assert way.texts(OPS) == ["two"]


def test_a_line_under_a_card_that_never_came_stands_in_the_channel(way: Way) -> None:
    """A fill is not lost because its card was refused."""
    way.cards["7"] = "running"
    way.line.fails("chat.postMessage", refused("invalid_blocks"))
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
        outbox.post("fill:1", OPS, said("bought 1 BTC"), thread_of="session:7")
    way.outbox.start()

    way.delivered()
    assert way.texts(OPS) == ["bought 1 BTC"]


def test_a_renderer_with_a_bug_is_given_up_in_the_end(way: Way) -> None:
    """One broken card holds its channel for a while, not for ever."""
    way.outbox.start()
    with way.writing() as outbox:
        outbox.card("nonsense:7", OPS)
    until(lambda: retry(way) or way.states() == ["failed"], "it was given up")

    assert way.given_up().reason.startswith("KeyError")


def test_a_message_over_the_limits_is_refused_in_tests_and_cut_at_work(way: Way) -> None:
    """Strict says what is wrong; otherwise the rest is delivered."""
    long = View("long", [HeaderBlock(text="x" * 200)])
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("one", OPS, long)
    way.delivered()
    assert "header of 200 characters" in way.given_up().reason
    way.outbox.stop()

    way.outbox = way.another(strict=False)
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("two", OPS, long)
    way.delivered()
    assert way.sees(OPS)[0]["blocks"][0]["text"]["text"] == "x" * 149 + "…"


def test_no_text_and_no_address_is_logged(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong is told by key."""
    caplog.set_level(logging.DEBUG, logger="bot")
    way.line.fails("chat.postMessage", unreachable, refused("is_archived"))
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("sesame"))
    retried(way)
    way.delivered()

    assert "one" in caplog.text
    assert "sesame" not in caplog.text


def test_buttons_of_a_card_survive_the_cut(way: Way) -> None:
    """A card that is far too long keeps its Halt button."""
    blocks = [SectionBlock(text="y" * 2900) for _ in range(8)]
    buttons = ActionsBlock(elements=[ButtonElement(text="Halt", action_id="halt", value="x")])
    way.outbox = way.another(strict=False)
    way.outbox.start()
    way.cards["7"] = View("long", [*blocks, buttons])
    with way.writing() as outbox:
        outbox.card("session:7", OPS)

    way.delivered()
    assert way.sees(OPS)[0]["blocks"][-1]["elements"][0]["action_id"] == "halt"


def test_what_is_too_long_for_one_message_comes_as_several_in_order(way: Way) -> None:
    """Nothing of it is cut away: posts, private answers and direct messages alike."""
    lines = [SectionBlock(text=f"{number} " + "y" * 900) for number in range(25)]
    way.outbox.start()
    with way.writing(practice=True) as outbox:
        outbox.post("list", OPS, View("many lines", lines))
        outbox.dm("list:dm", account(OTTO), View("many lines", lines))
        outbox.reply(
            "list:answer",
            View("many lines", lines),
            account=account(OTTO),
            channel=OPS,
            response_url=response_url(way),
        )
    way.delivered()

    assert way.lost == []
    for messages in (way.sees(OPS), way.sees(OTTO.dm)):
        numbers = [
            int(block["text"]["text"].split()[0])
            for message in messages
            for block in message["blocks"]
            if block["type"] == "section"
        ]
        assert numbers == list(range(25))
        assert messages[0]["text"] == f"PRACTICE · many lines (1 of {len(messages)})"
    assert len(way.whispers(OTTO)) == len(way.sees(OPS))


def test_the_urgent_finds_room_where_the_rest_has_used_its_own(way: Way) -> None:
    """A flood of reports cannot spend what Slack allows a channel down to the last call."""
    way.outbox = way.another(hurry=1)
    with way.writing() as outbox:
        for number in range(8):
            outbox.post(f"report:{number}", OPS, said(f"report {number}"), Urgency.LAST)
    way.outbox.start()
    until(lambda: way.states().count("sent") == 2, "the reports have used their share")
    with way.writing() as outbox:
        outbox.post("halt", OPS, said("halted"), Urgency.FIRST)
    until(lambda: way.rows()[-1].state == "sent", "the halt is out")

    assert len(way.texts(OPS)) < 8
