"""A payload is read whatever is missing in it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.person import Account
from bot.listeners.incoming import incoming
from bot.views.live_form import answers
from tests.bot.slack_payloads import OTTO, TEAM, click, command, home_opened, submission

CONTEXT = {"cause": "command:1.2.abc", "redelivered": False}
PAYLOADS = {"command": command(), "click": click(), "form": submission(), "home": home_opened()}
JUNK: tuple[Any, ...] = (None, "", 0, 3.5, True, [], {}, [None], {"id": 7}, [[]], "x" * 10_000)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a payload."""
    if path:
        yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, part in entries:
        yield from paths(part, (*path, key))


def changed(payload: Any, path: tuple[Any, ...], junk: Any = None, *, gone: bool = False) -> Any:
    """The payload with something else, or nothing, in one place."""
    copied = copy.deepcopy(payload)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    if gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = junk
    return copied


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_kind_names_the_account_behind_it(kind: str) -> None:
    """Who did it is read from the place where each kind has it."""
    said = incoming(PAYLOADS[kind], CONTEXT)

    assert said.account == Account(TEAM, OTTO)
    assert said.cause == "command:1.2.abc"


def test_a_command_is_read() -> None:
    """Where it was typed, what was typed, and where the answer goes."""
    said = incoming(command("stop all"), CONTEXT)

    assert (said.text, said.channel, said.trigger_id) == ("stop all", "C0OPS0000", "1.2.abc")
    assert said.response_url.endswith("/response/one")


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("live start &lt;strategy&gt;", "live start <strategy>"),
        ("a &amp; b", "a & b"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("plain", "plain"),
    ],
)
def test_slacks_escaping_is_undone_once(sent: str, typed: str) -> None:
    """A person who types an entity means those letters."""
    assert incoming(command(sent), CONTEXT).text == typed


def test_a_click_is_read() -> None:
    """Which message it was on, and what the button carries."""
    said = incoming(click(value="req-1"), CONTEXT)

    assert (said.value, said.channel, said.message_ts) == ("req-1", "C0OPS0000", "1795360600.000100")


def test_a_form_is_read() -> None:
    """Its id and its answers."""
    said = incoming(submission(), CONTEXT)

    assert said.view_id == "V0000001"
    assert said.values == {"notional": {"notional": {"type": "plain_text_input", "value": "1"}}}


def test_the_team_stands_in_if_the_user_names_none() -> None:
    """As the way in reads it."""
    payload = changed(click(), ("user", "team_id"), gone=True)
    assert incoming({**payload, "team": {"id": TEAM}}, CONTEXT).account == Account(TEAM, OTTO)


def test_a_repeated_delivery_is_marked() -> None:
    """A listener may want to know."""
    assert incoming(click(), {"cause": "c", "redelivered": True}).redelivered


@pytest.mark.parametrize("kind", PAYLOADS)
def test_no_missing_field_breaks_the_reading(kind: str) -> None:
    """Whatever is missing or of another type reads as empty."""
    for path in paths(PAYLOADS[kind]):
        for payload in (
            changed(PAYLOADS[kind], path, gone=True),
            *(changed(PAYLOADS[kind], path, j) for j in JUNK),
        ):
            said = incoming(payload, {})
            answers(dict(said.values or {}))
            for name in ("channel", "response_url", "trigger_id", "text", "value", "message_ts", "view_id"):
                assert isinstance(getattr(said, name), str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["command", "event", "user", "view", "container", "actions", "team_id", "channel"])


@given(st.dictionaries(NAMES, JSON), st.dictionaries(st.sampled_from(["cause", "redelivered"]), JSON))
def test_any_body_can_be_read(body: dict[str, Any], context: dict[str, Any]) -> None:
    """Nothing that JSON can hold raises."""
    incoming(body, context)
