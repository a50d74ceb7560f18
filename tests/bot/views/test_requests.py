"""The card of a request: what it says and what may be pressed, in each of its states."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.summaries import Compared, RequestCard
from bot.view import View, as_dicts, check
from bot.views.notices import waiting_notice
from bot.views.requests import APPROVE, CANCEL, EXECUTE, REJECT, request_card, waiting_list
from tests.bot.views.given import APPROVED, NOON, PENDING, REQUEST, SOON
from tests.bot.views.reading import buttons, labels, said

REARM = replace(
    APPROVED,
    action="rearm",
    title="the halt by Sam: price feed looks wrong",
    payload={"action": "rearm", "halt_reason": "price feed looks wrong"},
    evidence={"orders": "0, proven by the venue", "held": "0.12 BTC by our books", "alerts": "2 open"},
)
REJECTED = replace(
    REQUEST, state="rejected", no=(("Olivia", SOON, "too large"),), decided_at=SOON, missing="nobody"
)


def texts(card: RequestCard) -> str:
    """All that a card says, once Slack would take it."""
    view = request_card(card)
    check(view)
    return said(view)


@pytest.mark.parametrize(
    ("card", "pressable"),
    [
        (REQUEST, [APPROVE, REJECT, CANCEL]),
        (APPROVED, [EXECUTE]),
        (replace(APPROVED, execution="claimed"), []),
        (replace(APPROVED, execution="executed"), []),
        (replace(APPROVED, execution="failed"), []),
        (replace(APPROVED, execution="unknown"), []),
        (replace(APPROVED, execution="void", outcome="limits changed"), []),
        (REJECTED, []),
        (replace(REQUEST, state="expired"), []),
        (replace(REQUEST, state="cancelled"), []),
        (replace(REQUEST, state="void", outcome="limits changed"), []),
    ],
)
def test_only_what_may_be_done_now_can_be_pressed(card: RequestCard, pressable: list[str]) -> None:
    """A decided card has no button that decides, and a used one none that starts."""
    view = request_card(card)

    check(view)
    assert buttons(view.blocks) == pressable
    for block in as_dicts(view.blocks):
        for element in block.get("elements", []):
            assert element.get("value", card.id) == card.id


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        (REQUEST, "Waiting for 1 more person and the role owner"),
        (APPROVED, "Approved by Olivia"),
        (replace(APPROVED, execution="claimed"), "Execution starting"),
        (replace(APPROVED, execution="executed", outcome="it is live"), "Execution done: it is live"),
        (replace(APPROVED, execution="failed", outcome="no key"), "Execution failed: no key"),
        (replace(APPROVED, execution="unknown", outcome="?"), "Execution outcome unknown"),
        (replace(APPROVED, execution="void", outcome="cap"), "Execution void: cap"),
        (REJECTED, "Rejected by Olivia"),
        (REJECTED, "too large"),
        (replace(REQUEST, state="expired"), "Expired"),
        (replace(REQUEST, state="cancelled"), "Withdrawn"),
        (replace(REQUEST, state="void", outcome="cap"), "no longer what was shown: cap"),
    ],
)
def test_the_state_stands_in_words(card: RequestCard, sentence: str) -> None:
    """Nobody has to know what a colour means."""
    assert sentence in texts(card)


def test_the_approver_reads_what_will_run() -> None:
    """Account, strategy, symbol, cap, limits, reason, evidence and digest stand on the card."""
    text = texts(REQUEST)

    for fact in (
        "kraken",
        "127.0.0.1:9001",
        "ma_crossover",
        "(fast 5, slow 20)",
        "BTC/USD 1m",
        "100 USD",
        "one order 500",
        "first small run",
        "PASSED, 12 checks",
        "buy 0.001 BTC",
        REQUEST.digest[:12],
        "amber falcon",
    ):
        assert fact in text.replace("\u2060", ""), fact


def test_the_first_line_fits_a_locked_phone() -> None:
    """Who asks for what and how much; a halt's long reason is cut, not the asker."""
    assert request_card(REQUEST).text == ("Otto asks to go live: BTC/USD ma_crossover, at most 100 USD")
    assert len(request_card(replace(REQUEST, title="the halt by Sam: " + "x" * 300)).text) <= 110


def test_the_card_says_who_could_answer_and_where_it_is_night() -> None:
    """Names beside what is missing; the night only where it keeps the request from being approved."""
    assert "Waiting for 1 more person and the role owner (Olivia) until" in texts(REQUEST)
    assert "🌙" not in texts(REQUEST)
    night = texts(replace(REQUEST, asleep=("Olivia (03:12 in Europe/Berlin)",)))
    assert "🌙 It is night for Olivia (03:12 in Europe/Berlin)" in night.replace("\u2060", "")


@pytest.mark.parametrize(
    ("compared", "told"),
    [
        (REQUEST.compared, "at most 60 → 100, fast 5 → 10, the people changed (“misty otter”, "),
        (Compared("misty otter", NOON), "nothing differs from “misty otter”"),
        (Compared(), "nothing to compare with: no activation of this strategy was approved yet"),
        (Compared("a", NOON, (("limits.max_daily_loss_abs", "50", None),)), "loss of the day 50 → nothing"),
        (Compared("a", NOON, (("plan.parameters.x", "1", "2"),) * 20), "and 8 more"),
    ],
)
def test_the_card_says_what_differs_from_the_last_time(compared: Compared, told: str) -> None:
    """Field by field; of what is only hashed, that it has changed; a request of another kind says nothing."""
    assert told in texts(replace(REQUEST, compared=compared)).split("*Since last time* ")[1]
    assert "Since last time" not in texts(replace(REQUEST, compared=None))


def test_the_requesters_own_yes_is_not_an_approval() -> None:
    """The line that says who approved names the others."""
    assert "Approved by Otto" not in texts(APPROVED)


def test_the_button_says_what_it_does() -> None:
    """A rearm is not called a start."""
    assert labels(request_card(APPROVED)) == ["Go live"]
    assert labels(request_card(REARM)) == ["Clear the halt"]
    assert "can press *Clear the halt*" in texts(REARM)


def test_a_request_without_a_plan_shows_its_reason() -> None:
    """Clearing a halt has no strategy; the card shows what it has."""
    text = texts(REARM)

    assert "asks to clear the halt" in text
    assert "*the halt by Sam: price feed looks wrong*" in text
    assert "*Orders* 0, proven by the venue\n*Held* 0.12 BTC by our books\n*Alerts* 2 open" in text
    assert "first small run" in text
    assert "None" not in text


def test_the_lock_screen_says_who_asks_for_what() -> None:
    """The text beside the blocks is enough to decide whether to get up."""
    assert request_card(REQUEST).text == "Otto asks to go live: BTC/USD ma_crossover, at most 100 USD"


def test_a_list_of_nothing_says_so() -> None:
    """An empty list is a sentence, never an empty message."""
    view = waiting_list([])

    check(view)
    assert said(view) == "No request is waiting."


def test_every_open_request_is_counted() -> None:
    """What does not fit is told as a number, not left out."""
    many = [replace(PENDING, name=f"amber {number}", expires_at=SOON + timedelta(1)) for number in range(33)]
    view: View = waiting_list(many)

    check(view)
    assert view.text == "33 requests open"
    assert "… and 13 more" in said(view)
    assert waiting_list(many[:1]).text == "1 request open"


def test_what_waits_says_for_whom_and_how_long_still() -> None:
    """Nobody has to work out from an hour, in whatever zone, whether there is time to fetch somebody."""
    shown = said(waiting_list([PENDING]))

    assert "waits for 1 more person and the role owner until" in shown
    assert shown.endswith(", 14 min left")


def test_an_end_that_is_a_day_away_tells_its_day() -> None:
    """Asked at noon and good until noon: without the day that reads as if it had ended already."""
    tomorrow = NOON + timedelta(days=1)
    change = replace(REQUEST, expires_at=tomorrow)
    agreed = replace(change, state="approved", decided_at=NOON, grant_expires_at=tomorrow)

    for shown in (request_card(change), request_card(agreed), waiting_notice(change)):
        assert "2026-11-24 12:00>" in said(shown)
    assert "2026-11-24" not in said(request_card(REQUEST))
    assert "2026-11-24 12:00>" in said(waiting_list([replace(PENDING, expires_at=tomorrow, left_s=86400)]))


def test_no_answer_is_given_by_one_slip() -> None:
    """Withdraw asks first, in red; Approve and Reject open a form, which is the question."""
    (row,) = [block for block in as_dicts(request_card(REQUEST).blocks) if block["type"] == "actions"]
    asks = {each["text"]["text"]: each.get("confirm", {}).get("style") for each in row["elements"]}
    assert asks == {"Approve": None, "Reject": None, "Withdraw": "danger"}


def test_an_order_that_would_be_blocked_is_a_warning() -> None:
    """In the second line, not only in the small print of the preview."""
    blocked = replace(REQUEST, evidence={"preview": "buy 0.1 BTC, denied: max_symbol_exposure exceeded"})

    assert str(as_dicts(request_card(blocked).blocks)).count("would be blocked by the limits") == 1
    assert "would be blocked" not in str(as_dicts(request_card(REQUEST).blocks))


def test_a_time_in_the_evidence_is_the_readers_own() -> None:
    """A preview's bars end at some hour; at night in New York UTC alone reads as another."""
    at = REQUEST.created_at.replace(hour=11, minute=0, second=0, microsecond=0)
    card = replace(REQUEST, created_at=at, evidence={"preview": "no order now (candles until 10:59 UTC)"})

    token = f"<!date^{int(at.timestamp()) - 60}^{{time}}|10:59> (10:59 UTC)"
    assert token in said(request_card(card)).replace("\u2060", "")


def test_a_sum_that_is_not_whole_shows_its_cents() -> None:
    """As every other sum does."""
    plan = {**REQUEST.payload["plan"], "notional_max": "89.1"}

    assert "89.10 USD" in said(request_card(replace(REQUEST, payload={**REQUEST.payload, "plan": plan})))
