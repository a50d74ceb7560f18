"""One tick of one session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.given import NOON, D, bitcoin, candles_of
from trading.candles import Candle, Timeframe
from trading.engine import Decision, Engine
from trading.errors import BadTarget
from trading.instrument import Instrument
from trading.order import Side
from trading.strategies.ma_crossover import MaCrossover

M1 = Timeframe.M1
MARKET = bitcoin(quantity_step=D("0.001"), quantity_min=D("0.01"), cost_min=D(1))


@dataclass
class Wish:
    """Wants what it is told to want, and counts how often it was asked."""

    answer: Any
    asked: int = 0
    name: str = "wish"
    lookback: int = 2

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """Give the answer."""
        self.asked += 1
        return self.answer  # type: ignore[no-any-return]


def decide(
    target: str | int,
    held: str | int = 0,
    bid: str = "99",
    ask: str = "100",
    instrument: Instrument = MARKET,
    bars: int = 3,
) -> Decision:
    """Give the decision of a session with a notional of 200 on its first bar."""
    engine = Engine(Wish(D(target)), instrument, D(200), timeframe=M1)
    return engine.tick(candles_of([1] * bars), D(held), D(bid), D(ask))


def test_a_full_target_leaves_room_for_a_rising_price() -> None:
    """Bought at the ask for a hundredth less than the session may hold: a tick up is within it."""
    decision = decide(1)

    assert (decision.side, decision.quantity, decision.target) == (Side.BUY, D("1.98"), D(1))
    assert decision.acts
    assert decision.quantity * 101 <= 200


def test_a_quantity_is_cut_down_to_the_step() -> None:
    """2.0626 becomes 2.062, and its cost stays below the notional."""
    decision = decide(1, ask="96", bid="95")

    assert decision.quantity == D("2.062")


def test_a_zero_target_sells_everything() -> None:
    """All that is held, whatever the notional was."""
    decision = decide(0, held="3.5")

    assert (decision.side, decision.quantity) == (Side.SELL, D("3.5"))


def test_a_held_target_is_left_alone() -> None:
    """A price that moved a little makes no order."""
    for ask in ("90", "100", "110"):
        assert not decide(1, held=2, ask=ask, bid="89").acts


def test_a_holding_far_from_its_target_is_brought_back() -> None:
    """From a quarter of the notional on, in both directions."""
    assert decide("0.5", held=2).side is Side.SELL
    assert decide("0.5", held=2).quantity == D(1)
    assert decide(1, held=1).side is Side.BUY
    assert not decide(1, held="1.6").acts


def test_a_short_holding_is_always_bought_back() -> None:
    """This desk holds nothing short, however little it is."""
    decision = decide(0, held="-0.02")

    assert (decision.side, decision.quantity) == (Side.BUY, D("0.02"))


def test_dust_is_left_and_named() -> None:
    """Less than the venue takes cannot be sold."""
    decision = decide(0, held="0.005")

    assert not decision.acts
    assert "too small" in decision.why


def test_less_than_a_step_is_nothing() -> None:
    """A rest that was left by a fee in base makes no order on every bar."""
    assert not decide(0, held="0.0004").acts


def test_nothing_opens_on_a_pair_that_is_not_online() -> None:
    """Getting out may still be possible, and the venue is asked."""
    offline = bitcoin(online=False)

    assert "not online" in decide(1, instrument=offline).why
    assert not decide(1, instrument=offline).acts
    assert decide(0, held=1, instrument=offline).side is Side.SELL


@pytest.mark.parametrize(
    ("bid", "ask"),
    [("NaN", "100"), ("99", "NaN"), ("0", "100"), ("99", "0"), ("101", "100"), ("99", "Infinity")],
)
def test_nothing_is_decided_on_an_unreadable_price(bid: str, ask: str) -> None:
    """Neither in nor out."""
    for held in (0, 1):
        decision = decide(1 - held, held=held, bid=bid, ask=ask)
        assert not decision.acts
        assert "no usable price" in decision.why


def test_too_few_candles_are_waited_for() -> None:
    """The strategy is not asked with less than it needs."""
    engine = Engine(Wish(D(1)), MARKET, D(200), timeframe=M1)

    assert engine.tick([], D(0), D(99), D(100)).why == "no closed candle yet"
    assert engine.tick(candles_of([1]), D(0), D(99), D(100)).why == "1 more closed candles are needed"
    assert engine.strategy.asked == 0  # type: ignore[attr-defined]


def test_one_bar_is_decided_on_once() -> None:
    """The same candles again, or older ones, do nothing."""
    wish = Wish(D(1))
    engine, candles = Engine(wish, MARKET, D(200), timeframe=M1), candles_of([1, 2, 3])
    assert engine.tick(candles, D(0), D(99), D(100)).acts

    for again in (candles, candles[:2]):
        decision = engine.tick(again, D(0), D(99), D(100))
        assert (decision.acts, decision.why) == (False, "this bar was decided on already")
    assert wish.asked == 1


def test_one_bar_is_decided_on_once_over_a_restart() -> None:
    """The caller kept `last_bar`, the new engine goes on from it."""
    candles = candles_of([1, 2, 3, 4])
    before = Engine(Wish(D(1)), MARKET, D(200), timeframe=M1)
    before.tick(candles[:3], D(0), D(99), D(100))

    after = Engine(Wish(D(1)), MARKET, D(200), last_bar=before.last_bar, timeframe=M1)

    assert not after.tick(candles[:3], D(0), D(99), D(100)).acts
    assert after.tick(candles, D(0), D(99), D(100)).acts


@pytest.mark.parametrize("answer", [Decimal("NaN"), Decimal("1e9"), Decimal(-1), 0.5, None])
def test_a_bad_target_is_raised_and_its_bar_is_over(answer: object) -> None:
    """A strategy that answers nonsense is not asked again about the same bar."""
    engine, candles = Engine(Wish(answer), MARKET, D(200), timeframe=M1), candles_of([1, 2, 3])

    with pytest.raises(BadTarget):
        engine.tick(candles, D(0), D(99), D(100))
    assert engine.last_bar == candles[-1].opened_at
    assert not engine.tick(candles, D(0), D(99), D(100)).acts


def test_a_session_enters_and_exits_with_its_strategy() -> None:
    """A crossover over a rise and a fall: one buy, one sell, flat at the end."""
    closes = [100] * 20 + [100 + n for n in range(15)] + [115 - 2 * n for n in range(20)]
    series = candles_of(closes)
    engine, held, sides = Engine(MaCrossover(), MARKET, D(200), timeframe=M1), D(0), []
    for end in range(1, len(series) + 1):
        price = series[end - 1].close
        decision = engine.tick(series[:end], held, price - 1, price)
        if decision.side:
            sides.append(decision.side)
            held += decision.side.sign * decision.quantity

    assert sides == [Side.BUY, Side.SELL]
    assert held == 0


def test_a_decision_says_why() -> None:
    """In words that can stand on a card."""
    assert decide(1).why == "target 1, holding 0 BTC: buy 1.98"
    assert decide(1, held=2).why == "target 1, holding 2 BTC: as it should be"


def test_nothing_opens_on_a_gap_among_the_bars_it_sees() -> None:
    """What is held may be sold, a holding that is short is bought back, and an older gap does no harm."""
    before, after = candles_of([1, 2]), candles_of([3, 4, 5], NOON + timedelta(minutes=5))
    sees = Engine(Wish(D(1)), MARKET, D(200), timeframe=M1)
    decision = sees.tick([*before, after[0]], D(0), D(99), D(100))
    assert (decision.acts, decision.target) == (False, D(1))
    assert decision.why == "3 of the bars it decides on are missing, from 12:02 UTC on: nothing opens"
    assert sees.tick([*before, *after], D(0), D(99), D(100)).side is Side.BUY
    for held, side in ((D(1), Side.SELL), (D(-1), Side.BUY)):
        leaves = Engine(Wish(D(0)), MARKET, D(200), timeframe=M1)
        assert leaves.tick([*before, after[0]], held, D(99), D(100)).side is side
