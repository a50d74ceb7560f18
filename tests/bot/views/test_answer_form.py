"""The forms of Approve and Reject: what is answered, restated in a few lines."""

from dataclasses import replace

from bot.view import as_dicts
from bot.views.answer_form import approve_form, reject_form
from tests.bot.views.given import REQUEST


def lines(blocks: object) -> list[str]:
    """What stands in the first section, line by line."""
    return str(as_dicts(blocks)[0]["text"]["text"]).split("\n")  # type: ignore[arg-type]


def test_an_approval_restates_the_money_first() -> None:
    """Five lines at most: the most it may cost, where, what, what it would send, who asks and why."""
    shown = lines(approve_form(REQUEST, "C1", practice=True).blocks)

    assert shown[0].startswith("PRACTICE · *At most 100 USD* on kraken")
    assert len(shown) <= 5
    assert shown[-1] == f"Otto asks to go live: {REQUEST.reason}"
    assert "PRACTICE" not in lines(approve_form(REQUEST, "C1", practice=False).blocks)[0]


def test_a_warning_stands_in_the_form_too() -> None:
    """An order that the limits would block is seen before the yes."""
    blocked = replace(REQUEST, evidence={"preview": "buy 0.1 BTC, denied: max_symbol_exposure exceeded"})

    shown = lines(approve_form(blocked, "C1", practice=True).blocks)

    assert sum("would be blocked by the limits" in line for line in shown) == 1


def test_the_times_of_a_preview_are_the_readers() -> None:
    """As on the card: the reader's own hour, and UTC behind it."""
    found = replace(REQUEST, evidence={"preview": "no order now (candles until 12:15 UTC)"})

    shown = "\n".join(lines(approve_form(found, "C1", practice=True).blocks))

    assert "<!date^" in shown
    assert "12:\u206015 UTC" in shown or "12:15 UTC" in shown


def test_clearing_a_halt_restates_the_halt_and_what_was_found() -> None:
    """Whose halt it is, what was proven, what is held."""
    found = {"orders": "none, proven by the venue", "held": "nothing by our books"}
    halt = replace(REQUEST, action="rearm", title="the halt by Sam: feed", payload={}, evidence=found)

    shown = lines(approve_form(halt, "C1", practice=False).blocks)

    assert shown[0] == "*the halt by Sam: feed*"
    assert "Orders: none, proven by the venue · Held: nothing by our books" in shown[1]


def test_a_rejection_asks_for_one_line() -> None:
    """Required, and not longer than the record keeps."""
    blocks = as_dicts(reject_form(REQUEST, "C1", practice=True).blocks or [])
    (why,) = [block for block in blocks if block["type"] == "input"]

    assert why["block_id"] == why["element"]["action_id"] == "reason"
    assert not why.get("optional")
    assert not why["element"].get("multiline")
