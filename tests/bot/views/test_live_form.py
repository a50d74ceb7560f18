"""The form that asks for a live session, and how its answers are read."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.summaries import LimitUse
from bot.view import as_dicts
from bot.views.live_form import CALLBACK, CHECKLIST, TIMEFRAMES, LiveAnswers, LiveForm, answers, live_form

FORM = LiveForm(
    strategies=("ma_crossover", "momentum"),
    symbols=("BTC/USD", "ETH/USD"),
    limits=(LimitUse("max_order_notional", Decimal(500), None, "USD"),),
    exchange="kraken",
)
EMPTY = LiveAnswers("", "", "", "", "", ())


def inputs(form: LiveForm) -> dict[str, dict[str, Any]]:
    """The form's inputs by their names."""
    blocks = as_dicts(live_form(form).blocks or [])
    return {block["block_id"]: block for block in blocks if block["type"] == "input"}


def chosen(value: str) -> dict[str, Any]:
    """An answer picked from a list."""
    return {"type": "static_select", "selected_option": {"value": value}}


def test_the_form_asks_for_everything_that_a_start_needs() -> None:
    """Each input has the same name as its block, which is where an error would stand."""
    found = inputs(FORM)

    assert list(found) == ["strategy", "symbol", "timeframe", "notional", "reason", "checklist"]
    assert all(block["element"]["action_id"] == name for name, block in found.items())


def test_what_was_typed_after_the_command_is_filled_in() -> None:
    """The form does not ask again for what the command said."""
    form = replace(FORM, strategy="momentum", symbol="ETH/USD", timeframe="5m", notional="250")
    found = inputs(form)

    assert found["strategy"]["element"]["initial_option"]["value"] == "momentum"
    assert found["symbol"]["element"]["initial_option"]["value"] == "ETH/USD"
    assert found["timeframe"]["element"]["initial_option"]["value"] == "5m"
    assert found["notional"]["element"]["initial_value"] == "250"


def test_nothing_is_chosen_that_the_desk_does_not_have() -> None:
    """An unknown strategy leaves the choice open."""
    found = inputs(replace(FORM, strategy="martingale"))

    assert "initial_option" not in found["strategy"]["element"]
    assert "initial_value" not in found["notional"]["element"]


def test_the_limits_stand_beside_the_amount() -> None:
    """Who fills it in sees what is allowed."""
    assert "Limits in force: one order 500 USD" in inputs(FORM)["notional"]["hint"]["text"]


def test_practice_says_so() -> None:
    """The first line of the form."""
    assert (
        live_form(replace(FORM, practice=True)).to_dict()["blocks"][0]["text"]["text"].startswith("PRACTICE")
    )


def test_the_form_fits_into_slacks_limits() -> None:
    """Titles of 24, options of 75, the channel as metadata."""
    view = live_form(FORM, "C0OPS0000").to_dict()

    assert view["callback_id"] == CALLBACK
    assert view["private_metadata"] == "C0OPS0000"
    assert all(len(view[name]["text"]) <= 24 for name in ("title", "submit", "close"))
    assert all(len(text) <= 75 for text in CHECKLIST.values())
    assert len(TIMEFRAMES) == len(set(TIMEFRAMES))


def test_answers_are_read_as_they_were_given() -> None:
    """Text stays text until the operation has looked at it."""
    state = {
        "strategy": {"strategy": chosen("ma_crossover")},
        "symbol": {"symbol": chosen("BTC/USD")},
        "timeframe": {"timeframe": chosen("1m")},
        "notional": {"notional": {"type": "plain_text_input", "value": "1e999"}},
        "reason": {"reason": {"type": "plain_text_input", "value": "first small run"}},
        "checklist": {"checklist": {"selected_options": [{"value": "halt"}, {"value": "present"}]}},
    }

    assert answers(state) == LiveAnswers(
        "ma_crossover", "BTC/USD", "1m", "1e999", "first small run", ("halt", "present")
    )


@pytest.mark.parametrize("junk", [None, "", 7, [], {}, [1], {"value": None}, {"selected_option": 3}])
def test_what_is_missing_or_of_another_shape_reads_as_empty(junk: Any) -> None:
    """A broken form gives empty answers, which the operation refuses."""
    names = ("strategy", "symbol", "timeframe", "notional", "reason", "checklist")

    assert answers({}) == EMPTY
    assert answers(dict.fromkeys(names, junk)) == EMPTY
    assert answers({name: {name: junk} for name in names}) == EMPTY


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["strategy", "notional", "checklist", "selected_option", "selected_options", "value"]
            ),
            inner,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["strategy", "notional", "checklist", "reason"]), JSON))
def test_no_state_breaks_the_reading(state: dict[str, Any]) -> None:
    """Every field comes out as text, whatever Slack or somebody else has sent."""
    read = answers(state)

    assert all(isinstance(text, str) for text in (read.strategy, read.notional, read.reason, *read.ticked))
