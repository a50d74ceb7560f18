"""Candles, and which of them may be decided on."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.trading.given import NOON, D, candles_of
from trading.candles import Candle, Timeframe, closed, is_stale
from trading.errors import BadCandle, BadTimeframe

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [("1m", 60), ("5m", 300), ("15m", 900), ("30m", 1_800), ("1h", 3_600), ("4h", 14_400), ("1d", 86_400)],
)
def test_a_bar_length_knows_its_seconds(text: str, duration_s: int) -> None:
    """Every bar length that can be written has one duration."""
    assert Timeframe.parse(text).duration_s == duration_s


@pytest.mark.parametrize("text", ["", "1", "m", "2m", "0m", "1M", "-1m", "1m ", "x" * 9_000])
def test_another_bar_length_is_refused_with_those_allowed(text: str) -> None:
    """The refusal says what to write instead."""
    with pytest.raises(BadTimeframe, match="choose one of 1m, 5m, 15m") as caught:
        Timeframe.parse(text)
    assert len(str(caught.value)) < 200


def test_the_newest_candle_of_a_reply_is_left_out() -> None:
    """It is not closed, even when our clock says that it should be."""
    reply = candles_of([1, 2, 3])

    assert closed(reply, Timeframe.M1, NOON + timedelta(hours=1)) == tuple(reply[:2])


def test_a_candle_that_has_not_ended_is_left_out() -> None:
    """A reply from a venue whose clock runs ahead gives nothing early."""
    reply = candles_of([1, 2, 3])

    assert closed(reply, Timeframe.M1, NOON + MINUTE) == (reply[0],)
    assert closed(reply, Timeframe.M1, NOON + MINUTE - timedelta(microseconds=1)) == ()


def test_an_empty_reply_has_no_closed_candle() -> None:
    """Nothing in, nothing out."""
    assert closed([], Timeframe.M1, NOON) == ()


def test_doubled_candles_are_refused() -> None:
    """A bar that comes twice could be decided on twice."""
    first, second = candles_of([1, 2])

    with pytest.raises(BadCandle, match="doubled or out of order"):
        closed([first, second, second], Timeframe.M1, NOON + 5 * MINUTE)


def test_candles_out_of_order_are_refused() -> None:
    """The last of a reply must be its newest."""
    first, second = candles_of([1, 2])

    with pytest.raises(BadCandle, match="doubled or out of order"):
        closed([second, first], Timeframe.M1, NOON + 5 * MINUTE)


@pytest.mark.parametrize("field", ["open", "high", "low", "close", "volume"])
@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-1"])
def test_a_candle_that_cannot_be_reckoned_with_is_refused(field: str, value: str) -> None:
    """NaN does not travel on into a decision."""
    fields = {"open": D(2), "high": D(3), "low": D(1), "close": D(2), "volume": D(0), field: Decimal(value)}

    with pytest.raises(BadCandle, match=field):
        Candle(opened_at=NOON, **fields)


def test_a_close_outside_of_its_range_is_refused() -> None:
    """No market can have printed it."""
    with pytest.raises(BadCandle, match="outside"):
        Candle(NOON, D(2), D(3), D(1), D(4), D(0))


def test_a_bar_is_stale_one_interval_after_it_ended() -> None:
    """The next bar has ended by then and is the one to act on."""
    bar = candles_of([1])[0]

    assert not is_stale(bar, Timeframe.M1, NOON + 2 * MINUTE)
    assert is_stale(bar, Timeframe.M1, NOON + 2 * MINUTE + timedelta(microseconds=1))
