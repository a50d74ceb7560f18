"""Halted must never read as flat."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.summaries import Clearing, HaltOutcome, HaltSummary
from bot.view import check
from bot.views.halt import halt_card
from tests.bot.views.given import HALT, OUTCOME, SOON
from tests.bot.views.reading import buttons, said

UNPROVEN = replace(OUTCOME, proven=False, detail="the venue did not answer")


def card(halt: HaltSummary) -> str:
    """All that the card says, once Slack would take it."""
    view = halt_card(halt)
    check(view)
    return said(view)


def test_what_is_held_is_said_loudly() -> None:
    """No open order is not the same as nothing at risk."""
    text = card(HALT)

    assert "HALTED and proven" in text
    assert "latch on disk after 3 ms" in text
    assert "0 orders, proven by the venue" in text
    assert "*STILL HOLDING 0.12 BTC*" in text


@pytest.mark.parametrize(("foreign", "told"), [(1, "1 order that"), (2, "2 orders that")])
def test_what_went_with_our_orders_is_said(foreign: int, told: str) -> None:
    """A halt cancels the whole account, whoever has sent its orders."""
    text = card(replace(HALT, outcomes=(replace(OUTCOME, foreign=foreign),)))
    assert f"{told} this desk has not sent went with ours" in text
    assert "has not sent" not in card(HALT)


@pytest.mark.parametrize("outcome", [OUTCOME, UNPROVEN])
@pytest.mark.parametrize("amount", ["0.12", "-0.12", "0.00000001", "100000000"])
def test_halted_never_reads_as_flat(outcome: HaltOutcome, amount: str) -> None:
    """Whatever is held, long or short, tiny or large: it is named, and no word says that nothing is."""
    text = card(replace(HALT, outcomes=(replace(outcome, held=(("BTC", Decimal(amount)),)),)))

    assert "STILL HOLDING" in text
    assert "nothing held" not in text
    assert "flat" not in text.lower()


def test_nothing_is_called_held_only_when_nothing_is() -> None:
    """An account without a position says so in as many words."""
    text = card(replace(HALT, outcomes=(replace(OUTCOME, held=(("BTC", Decimal("0.00")),)),)))

    assert "Nothing held by our sessions" in text


@pytest.mark.parametrize("proven", [True, False])
def test_what_could_not_be_read_is_not_called_nothing(proven: bool) -> None:
    """No order is left, and the fills could not be read: an empty list is no answer then."""
    unread = replace(OUTCOME, proven=proven, held=(), detail="what was filled last is not known")
    text = card(replace(HALT, outcomes=(unread,)))

    assert "*What is held is not known*" in text
    assert "what was filled last is not known" in text
    assert "nothing held" not in text


def test_without_proof_it_says_so_and_what_to_do() -> None:
    """A stop that the venue did not confirm is unknown."""
    text = card(replace(HALT, outcomes=(replace(UNPROVEN, open_orders=3),)))

    assert "NOT PROVEN: the venue did not answer" in text
    assert "Look at the venue's own page now" in text
    assert "proven by the venue" not in text


def test_an_account_that_has_not_answered_is_shown_as_waiting() -> None:
    """The card goes out before the proof is there."""
    text = card(replace(HALT, outcomes=(), waiting_for=("kraken", "krakenfutures")))

    assert "*kraken*: the gate is shut" in text
    assert "*krakenfutures*: the gate is shut" in text
    assert "proven by the venue" not in text


def test_each_step_has_its_time() -> None:
    """Milliseconds below a second, seconds above."""
    assert "gate shut 4 ms → cancel sent 40 ms → proof 2.3 s" in card(HALT)


def test_a_latch_that_could_not_be_written_is_told() -> None:
    """It holds while the gateways run, and no longer."""
    assert "HALTED and proven, but not written to disk" in card(replace(HALT, latch_ms=None))


def test_what_nobody_measured_has_no_figure() -> None:
    """A halt by file or shell says that it holds, and no number of milliseconds."""
    text = card(replace(HALT, latch_ms=0))

    assert "HALTED" in text
    assert "latch on disk" not in text


def test_the_way_back_needs_two() -> None:
    """The card of a halt has no button: clearing it is a request."""
    assert buttons(halt_card(HALT).blocks) == []
    assert "two people clear it" in card(HALT)


@pytest.mark.parametrize(
    ("halt", "late", "state"),
    [
        (HALT, False, "HALTED and proven"),
        (replace(HALT, outcomes=(), waiting_for=("kraken",)), False, "HALTED, proof under way"),
        (replace(HALT, outcomes=(), waiting_for=("kraken",)), True, "HALTED, NOT PROVEN"),
        (replace(HALT, outcomes=(UNPROVEN,), waiting_for=("other",)), False, "HALTED, NOT PROVEN"),
        (replace(HALT, outcomes=(OUTCOME, UNPROVEN)), False, "HALTED, NOT PROVEN"),
        (replace(HALT, outcomes=()), False, "HALTED, NOT PROVEN"),
    ],
)
def test_the_lock_screen_says_whether_it_is_proven_who_and_why(
    halt: HaltSummary, late: bool, state: str
) -> None:
    """One line is enough to know, and the headline says the same."""
    view = halt_card(halt, late=late)
    assert view.text == f"{state}. Sam halted everything: price feed looks wrong"
    assert state in said(view).splitlines()[0]


def test_a_halt_that_no_account_proved_is_not_proven() -> None:
    """No answers are not good answers."""
    assert HALT.proven
    assert not replace(HALT, outcomes=()).proven
    assert not replace(HALT, waiting_for=("kraken",)).proven
    assert not replace(HALT, outcomes=(OUTCOME, UNPROVEN)).proven


def test_a_halt_that_was_cleared_says_by_whom() -> None:
    """Nobody reads an old card as a halt that stands; what was held is still said."""
    view = halt_card(HALT, Clearing(SOON, "Otto", ("Rita", "Olivia")))
    check(view)
    text = said(view)

    assert "by Otto, with Rita, Olivia" in text
    assert "until two people clear it" not in text
    assert "HALTED" not in view.text
    assert "STILL HOLDING 0.12 BTC" in text


def test_a_late_proof_is_bad_news() -> None:
    """After some seconds the card no longer reads as if all went well."""
    waiting = replace(HALT, outcomes=(), waiting_for=("kraken",))
    assert "waiting for the venue's proof" in said(halt_card(waiting))

    late = said(halt_card(waiting, late=True))
    assert "*NOT PROVEN yet*" in late
    assert "venue's own page" in late
