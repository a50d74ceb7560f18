"""A preview in words: what would be sent, or why nothing would."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.operations.previews import PreviewFailed, preview_line
from trading.order import Side
from trading.preview import Preview, PreviewOrder
from trading.session import SessionPlan, Stage

PLAN = SessionPlan(Stage.LIVE, "kraken", "ma_crossover", "BTC/USD", "1m", Decimal(100))
ORDER = PreviewOrder(Side.BUY, Decimal("0.0016"), Decimal(62500), Decimal(100), "passes the limits")
PREVIEW = Preview(Decimal(1), (ORDER,), "target 1", datetime(2026, 11, 20, 10, 4, tzinfo=UTC))


def test_an_order_is_told_with_its_money_and_its_verdict() -> None:
    """The approver reads what it costs, whether it passes, and what it follows from."""
    assert preview_line(PREVIEW, PLAN) == (
        "buy 0.0016 BTC at about 62,500.00 USD = 100.00 USD, passes the limits "
        "(target 100% of the notional, candles until 10:04 UTC)"
    )


def test_no_order_is_told_with_its_reason() -> None:
    """Nothing to send is an answer too, and says why."""
    quiet = replace(PREVIEW, orders=(), why="target 0, holding 0 BTC: as it should be")

    assert preview_line(quiet, PLAN) == (
        "no order now: target 0, holding 0 BTC: as it should be (candles until 10:04 UTC)"
    )


def test_a_strategy_that_broke_is_no_preview() -> None:
    """A request must not be filed on a preview that was never computed."""
    with pytest.raises(PreviewFailed, match="it fell over"):
        preview_line(replace(PREVIEW, failure="it fell over"), PLAN)
