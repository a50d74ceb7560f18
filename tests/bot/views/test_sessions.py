"""A session's card: state first, money second, buttons last."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.summaries import SessionSummary
from bot.view import check
from bot.views.sessions import (
    HALT,
    PAUSE,
    RESUME,
    STOP,
    fill_line,
    halt_button,
    order_line,
    session_card,
    state_line,
    stop_reply,
)
from tests.bot.views.given import NOON, SESSION
from tests.bot.views.reading import buttons, said
from trading.session import SessionState


def card(session: SessionSummary) -> str:
    """All that the card says, once Slack would take it."""
    view = session_card(session)
    check(view)
    return said(view)


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("stage", ["live", "testnet"])
def test_every_state_has_a_card(state: SessionState, stage: str) -> None:
    """No state is without its words."""
    assert card(replace(SESSION, state=state, stage=stage, started_at=None)).startswith(
        tuple("⏳🟢⏸⚪🛑🔴❓")
    )


@pytest.mark.parametrize(
    ("state", "first"), [("starting", []), ("running", [PAUSE]), ("paused", [RESUME]), ("unknown", [])]
)
def test_what_may_still_trade_can_be_stopped_and_halted(state: str, first: list[str]) -> None:
    """The way out stands on every live card, behind the way into a pause or out of it."""
    assert buttons(session_card(replace(SESSION, state=state)).blocks) == [*first, STOP, HALT]


def test_what_has_ended_cannot_be_asked_to_go_on() -> None:
    """Its activation is over; that stands on the card."""
    ended = replace(SESSION, state="paused", ends_at=NOON, at=NOON)
    assert buttons(session_card(ended).blocks) == [STOP, HALT]
    assert "· ends " in card(ended)


@pytest.mark.parametrize(
    ("kind", "facts", "told"),
    [
        ("session.paused", {"reason": "paused by Otto: spread"}, "Paused by Otto: spread. It opens nothing"),
        ("session.paused", {"reason": "its gateway was lost"}, "Paused: its gateway was lost. It opens"),
        ("session.resumed", {"reason": "the spread is back"}, "It goes on. The spread is back."),
        ("activation.ended", {"detail": "its activation ended"}, "Its activation ended."),
    ],
)
def test_the_thread_says_what_became_of_it(kind: str, facts: dict[str, str], told: str) -> None:
    """Who or what paused it, that it goes on, that its time is over."""
    assert state_line(kind, facts).text.startswith(told)


def test_a_session_that_is_stopping_can_still_be_halted() -> None:
    """A stop that takes its time leaves the halt."""
    assert buttons(session_card(replace(SESSION, state="stopping")).blocks) == [HALT]


@pytest.mark.parametrize("state", ["stopped", "halted", "failed"])
def test_what_is_over_has_no_buttons(state: str) -> None:
    """Nothing to press where nothing runs."""
    assert buttons(session_card(replace(SESSION, state=state)).blocks) == []


def test_a_session_that_is_not_live_is_not_called_live() -> None:
    """A rehearsal must not look like the real thing."""
    text = card(replace(SESSION, stage="testnet"))

    assert "BTC/USD is running in testnet" in text
    assert "is live" not in text


@pytest.mark.parametrize("state", ["halted", "stopped", "failed", "unknown"])
def test_what_an_ended_session_holds_stands_on_its_card(state: str) -> None:
    """Ended is not flat."""
    assert "*Position*\n0.0012 BTC" in card(replace(SESSION, state=state, daily_pnl=None))


def test_an_unknown_result_is_called_unknown() -> None:
    """Without a price there is no PnL, and no nought either."""
    assert "*PnL of the session*\nunknown" in card(replace(SESSION, daily_pnl=None))


def test_the_figures_of_an_open_session_have_their_hour() -> None:
    """The card is drawn when something happens; what it says of money is as old as that."""
    assert "figures of <!date" in card(replace(SESSION, at=NOON))
    assert "figures of" not in card(replace(SESSION, at=NOON, state="stopped"))


def test_the_proof_stands_on_the_card() -> None:
    """What the venue said when it was stopped."""
    proof = "0 open orders, proven by the venue after 40 ms"
    assert proof in card(replace(SESSION, state="stopped", proof=proof))
    assert proof in said(stop_reply(replace(SESSION, state="stopped", proof=proof)))


def test_a_halt_button_always_asks_first() -> None:
    """One slip of a thumb does not halt the desk; its value is never empty."""
    button = halt_button().to_dict()

    assert button["value"]
    assert button["confirm"]["confirm"]["text"] == "Halt"
    assert len(halt_button("x" * 5_000).value or "") <= 200


def test_the_first_order_is_called_the_first() -> None:
    """The line everybody waits for after a start."""
    facts = {"side": "buy", "quantity": "0.0010", "symbol": "BTC/USD", "venue_order_id": "OABC-1"}

    assert said(order_line(facts)).startswith("Order: buy 0.001 BTC/USD market")
    assert said(order_line({**facts, "first": "yes"})).startswith("First order: buy")


def test_a_fill_shows_price_notional_and_fee() -> None:
    """Money is exact, with its currency."""
    facts = {
        "side": "sell",
        "quantity": "0.001",
        "price": "64000.5",
        "fee": "0.16",
        "symbol": "BTC/USD",
        "fee_currency": "USD",
    }
    text = said(fill_line(facts)).replace("\u2060", "")

    assert text == "Fill: sell 0.001 at 64,000.50 USD = 64.00 USD, fee 0.16 USD"


def test_a_fee_in_the_base_currency_is_named_as_such() -> None:
    """The venue may take its share in coins."""
    facts = {"side": "buy", "quantity": "1", "price": "2", "fee": "0.002", "symbol": "ETH/USD"}
    assert "fee 0.002 ETH" in said(fill_line({**facts, "fee_currency": "ETH"}))


def test_fees_and_caps_are_money() -> None:
    """Thousands are set apart, two decimals."""
    assert "1,250.50 USD" in card(replace(SESSION, notional_max=Decimal("1250.5")))


def test_a_silent_session_is_not_called_live() -> None:
    """The card says since when nothing was heard, as the alert does."""
    text = card(replace(SESSION, silent_since=NOON))

    assert text.startswith("⚠️ BTC/USD gives no sign of life")
    assert "*No sign of life since" in text
    assert buttons(session_card(replace(SESSION, silent_since=NOON)).blocks) == [PAUSE, STOP, HALT]


def test_a_failed_session_says_what_is_left_of_it() -> None:
    """Orders by our books, the way to ask the venue, and what it holds."""
    failed = replace(SESSION, state="failed", state_reason="its process is gone", open_orders=0)

    assert "0 open orders by our books; `/peak orders` asks the venue. STILL HOLDING 0.0012 BTC" in card(
        failed
    )
    assert "*2 open orders* by our books, being cancelled" in card(replace(failed, open_orders=2))
    assert "Nothing held by it." in card(replace(failed, position=Decimal(0)))
