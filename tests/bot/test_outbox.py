"""The way out: what the state says reaches Slack once, in order, in the right place."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.models.blocks import HeaderBlock
from sqlmodel import select

from bot.outbox import Chart, Urgency
from bot.practice.people import OLIVIA, OTTO
from bot.practice.server import BOT_TOKEN
from bot.tables import CardRow, HomeRow
from bot.view import View
from tests.bot.faulty_slack import (
    held,
)
from tests.bot.intake import DEADLINE_S, NOON, Gatekeeper, until
from tests.bot.outgoing import APPROVALS, OPS, PNG, REPORTS, Way, account, response_url, said, way_out


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An outbox, a line and a workspace; nothing runs yet."""
    with way_out(tmp_path) as way:
        yield way


def test_a_message_stands_in_slack_after_its_commit(way: Way) -> None:
    """The commit's wake-up is enough; nobody polls."""
    way.outbox.start()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("BTC/USD is live"))

    way.delivered()
    assert way.texts(OPS) == ["BTC/USD is live"]


def test_what_is_rolled_back_is_never_said(way: Way) -> None:
    """No message without its state."""
    way.outbox.start()
    with suppress(RuntimeError), way.writing() as outbox:
        outbox.post("one", OPS, said("BTC/USD is live"))
        raise RuntimeError("the state was refused")
    way.outbox.wake()
    with way.writing() as outbox:
        outbox.post("two", OPS, said("it is not"))

    way.delivered()
    assert way.texts(OPS) == ["it is not"]


def test_a_key_is_said_once(way: Way) -> None:
    """Whoever runs again after a crash writes the same key, and it adds nothing."""
    for _ in range(2):
        with way.writing() as outbox:
            outbox.post("fill:1", OPS, said("bought 1 BTC"))
    way.outbox.start()

    way.delivered()
    assert way.texts(OPS) == ["bought 1 BTC"]


def test_the_most_urgent_goes_first_and_each_channel_keeps_its_order(way: Way) -> None:
    """A halt overtakes the reports that were written before it; reports do not overtake each other."""
    with way.writing() as outbox:
        outbox.post("r1", OPS, said("report 1"), Urgency.LAST)
        outbox.post("r2", OPS, said("report 2"), Urgency.LAST)
        outbox.post("h", OPS, said("HALTED"), Urgency.FIRST)
    way.outbox.start()

    way.delivered()
    assert way.texts(OPS) == ["HALTED", "report 1", "report 2"]


def test_a_card_is_posted_once_and_then_redrawn_where_it_hangs(way: Way) -> None:
    """The card is drawn whole from the state as it is at delivery."""
    way.outbox.start()
    way.cards["7"] = "starting"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.delivered()
    way.cards["7"] = "running"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)

    way.delivered()
    assert way.texts(OPS) == ["running"]
    with way.writing() as outbox:
        assert outbox.place("session:7") == (OPS, way.sees(OPS)[0]["ts"])


def test_redraws_that_have_not_begun_are_one(way: Way) -> None:
    """Ten changes in a moment cost one call, and show the last of them."""
    for number in range(10):
        way.cards["7"] = f"state {number}"
        with way.writing() as outbox:
            outbox.card("session:7", OPS, Urgency.FIRST if number == 5 else Urgency.NEXT)
    way.outbox.start()

    way.delivered()
    assert way.texts(OPS) == ["state 9"]
    assert way.line.methods() == ["chat.postMessage"]
    assert [row.urgency for row in way.rows()] == [0]


def test_a_change_during_the_drawing_is_drawn_again(way: Way) -> None:
    """A redraw that is under way may have read the old state; the next one follows."""
    gate = Gatekeeper()
    way.line.fails("chat.postMessage", held(gate))
    way.cards["7"] = "starting"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.outbox.start()
    assert gate.arrived.wait(DEADLINE_S)
    way.cards["7"] = "running"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    gate.open()

    way.delivered()
    assert way.texts(OPS) == ["running"]


def test_a_card_that_somebody_deleted_is_posted_again(way: Way) -> None:
    """The projection can always be drawn anew."""
    way.outbox.start()
    way.cards["7"] = "starting"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.delivered()
    WebClient(token=BOT_TOKEN, base_url=way.workspace.api_url).chat_delete(
        channel=OPS, ts=way.sees(OPS)[0]["ts"]
    )
    way.cards["7"] = "running"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)

    way.delivered()
    assert way.texts(OPS) == ["running"]
    with way.writing() as outbox:
        assert outbox.place("session:7") == (OPS, way.sees(OPS)[0]["ts"])


def test_a_subject_that_is_gone_shows_nothing(way: Way) -> None:
    """A card without a state is no error and no message."""
    way.outbox.start()
    with way.writing() as outbox:
        outbox.card("session:7", OPS)

    way.delivered()
    assert (way.texts(OPS), way.states()) == ([], ["sent"])


def test_what_belongs_under_a_card_waits_for_it(way: Way) -> None:
    """An urgent line in a thread does not overtake the card that it hangs under, nor block it."""
    way.cards["7"] = "running"
    with way.writing() as outbox:
        outbox.post("fill:1", OPS, said("bought 1 BTC"), Urgency.FIRST, thread_of="session:7")
        outbox.card("session:7", OPS, Urgency.LAST)
    way.outbox.start()

    way.delivered()
    card, line = way.sees(OPS)
    assert (card["text"], line["text"]) == ("running", "bought 1 BTC")
    assert line["thread_ts"] == card["ts"]


@pytest.mark.parametrize("is_introduced", [True, False])
def test_a_direct_message_leads_to_the_card_that_it_is_about(way: Way, is_introduced: bool) -> None:
    """It waits for the card to hang; before Slack has said where we are, it names the card's channel."""
    way.is_introduced = is_introduced
    way.cards["7"] = "Otto asks to go live"
    with way.writing() as outbox:
        outbox.dm("d", account(OLIVIA), said("Otto asks"), Urgency.FIRST, about="session:7")
        outbox.card("session:7", OPS, Urgency.LAST)
    way.outbox.start()
    way.delivered()

    (card,), (told,) = way.sees(OPS), way.sees(OLIVIA.dm, OLIVIA)
    link = f"<{way.workspace.url}/archives/{OPS}/p{card['ts'].replace('.', '')}|Open its card>"
    (way_there,) = told["blocks"][-1]["elements"]
    assert way_there["text"] == (link if is_introduced else f"Its card stands in <#{OPS}>")


def test_a_direct_message_that_is_drawn_late_is_left_out_once_it_says_nothing(way: Way) -> None:
    """A reminder of what is over by now would only wake somebody."""
    way.cards |= {"7": "2 min left"}
    with way.writing(practice=True) as outbox:
        outbox.drawn_dm("a", account(OLIVIA), "session:7", about="session:1")
        outbox.drawn_dm("b", account(OLIVIA), "session:gone", about="session:1")
    way.outbox.start()
    way.delivered()

    assert way.texts(OLIVIA.dm, OLIVIA) == ["PRACTICE · 2 min left"]
    assert way.states() == ["sent", "sent"]


def test_an_answer_goes_to_where_it_was_asked(way: Way) -> None:
    """A response_url makes it visible to the one person, in the channel."""
    way.outbox.start()
    with way.writing() as outbox:
        outbox.reply("a", said("for you alone"), account=account(OTTO), response_url=response_url(way))

    way.delivered()
    assert (way.whispers(OTTO), way.whispers(OLIVIA)) == (["for you alone"], [])
    assert "response_url" not in way.rows()[0].target


def test_an_answer_that_is_late_comes_by_direct_message(way: Way) -> None:
    """After half an hour the response_url is dead; the person hears all the same."""
    with way.writing() as outbox:
        outbox.reply("a", said("late"), account=account(OTTO), response_url=response_url(way))
    way.clock.passes(minutes=31)
    way.outbox.start()

    way.delivered()
    assert way.texts(OTTO.dm) == ["late"]


def test_an_answer_whose_address_fails_comes_by_direct_message(way: Way) -> None:
    """An address that is used up, wrong or unreachable costs nothing."""
    with way.writing() as outbox:
        outbox.reply("a", said("one"), account=account(OTTO), response_url=f"{way.workspace.url}/response/no")
        outbox.reply("b", said("two"), account=account(OTTO), response_url="http://127.0.0.1:1/response")
        outbox.reply("c", said("three"), account=account(OTTO))
    way.outbox.start()

    way.delivered()
    assert way.texts(OTTO.dm) == ["one", "two", "three"]


def test_a_chart_stands_below_its_words(way: Way) -> None:
    """Uploaded, waited for, shown in an image block with a text for those who cannot see it."""
    way.outbox.start()
    chart = Chart(((NOON, Decimal("1000.5")),), "USD", "Equity rose")
    with way.writing() as outbox:
        outbox.image("report:1", REPORTS, said("All is well"), chart)

    way.delivered()
    (message,) = way.sees(REPORTS)
    picture = message["blocks"][-1]
    assert (picture["type"], picture["alt_text"]) == ("image", "Equity rose")
    assert way.people.get(picture["image_url"]).content == PNG


def test_a_report_goes_out_although_its_chart_cannot_be_drawn(way: Way) -> None:
    """The words matter; the picture is a help."""

    def broken(_: Chart) -> bytes:
        raise RuntimeError("no font")

    way.draw = broken
    way.outbox.start()
    with way.writing() as outbox:
        outbox.image("report:1", REPORTS, said("All is well"), Chart((), "USD", "Equity"))

    way.delivered()
    assert way.texts(REPORTS) == ["All is well"]


def test_on_a_practice_desk_every_message_says_so(way: Way) -> None:
    """Cards, posts, direct messages and looks begin with the word; a sentence and a thread need not."""
    way.cards["7"] = "BTC/USD"
    way.outbox.start()
    with way.writing(practice=True) as outbox:
        outbox.card("session:7", OPS)
        outbox.post("fill:1", OPS, said("bought"), thread_of="session:7")
        outbox.post("one", APPROVALS, said("cleared"))
        outbox.dm("d", account(OLIVIA), said("told"))
        outbox.reply("a", said("answer"), account=account(OTTO))
        outbox.reply("b", View("1 live", [HeaderBlock(text="1 live")]), account=account(OTTO))
    way.delivered()

    assert way.texts(OPS) == ["PRACTICE · BTC/USD", "bought"]
    assert way.sees(OPS)[0]["blocks"][0]["text"]["text"] == "PRACTICE · BTC/USD"
    assert way.texts(APPROVALS) == ["PRACTICE · cleared"]
    assert way.texts(OLIVIA.dm, OLIVIA) == ["PRACTICE · told"]
    assert way.texts(OTTO.dm) == ["answer", "PRACTICE · 1 live"]


def test_a_home_tab_that_was_opened_lately_follows_what_happens(way: Way) -> None:
    """Several changes within a moment are one drawing, and it waits for what is more urgent."""
    way.cards |= {"7": "BTC/USD is live", str(account(OTTO)): "1 live"}
    way.outbox.start()
    with way.writing(practice=True) as outbox:
        outbox.home_opened(account(OTTO))
        outbox.card("session:7", OPS)
        outbox.card("session:8", OPS)
    until(lambda: way.states().count("sent") == 2, "the cards hang")
    assert way.home_of(OTTO) == ""

    way.clock.passes(seconds=2)
    way.outbox.wake()
    way.delivered()
    assert "PRACTICE · 1 live" in way.home_of(OTTO)
    assert way.line.methods().count("views.publish") == 1


def test_a_home_tab_of_yesterday_and_a_fill_are_not_followed(way: Way) -> None:
    """Nobody looks at it any more; and what Home does not tell has it not drawn again."""
    with way.writing() as outbox:
        outbox.home_opened(account(OLIVIA))
        outbox.card("session:7", OPS, at_home=False)
    way.clock.passes(days=1)
    with way.writing() as outbox:
        outbox.card("session:8", OPS)

    assert [row.kind for row in way.rows()] == ["card", "card"]


def test_a_home_tab_that_nobody_follows_is_forgotten(way: Way) -> None:
    """Else the table would keep everybody who ever looked."""
    with way.writing() as outbox:
        outbox.home_opened(account(OTTO))
    way.clock.passes(hours=25)
    with way.writing() as outbox:
        outbox.home_opened(account(OLIVIA))
    way.outbox.start()

    def opened() -> list[str]:
        with way.database.reading() as session:
            return list(session.exec(select(HomeRow.account)))

    until(lambda: opened() == [str(account(OLIVIA))], "the old one is gone")


def test_stopping_leaves_the_rest_for_the_next_start(way: Way) -> None:
    """Nothing is lost by a restart."""
    way.outbox.start()
    way.outbox.stop()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
    assert way.states() == ["waiting"]
    assert way.outbox.waiting() == 1

    way.outbox = way.another()
    way.outbox.start()
    way.delivered()
    assert way.texts(OPS) == ["one"]


def test_cards_remember_their_place_over_a_restart(way: Way) -> None:
    """Channel and ts of each card are stored, not remembered."""
    way.cards["7"] = "running"
    way.outbox.start()
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.delivered()
    with way.database.reading() as session:
        (card,) = session.exec(select(CardRow)).all()
        assert (card.subject, card.channel, card.ts) == ("session:7", OPS, way.sees(OPS)[0]["ts"])
