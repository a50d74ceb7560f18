"""The shipped strategies: against an independent computation, in and out, and blind to the future."""

import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import pytest

from tests.trading.given import candles_of
from trading.errors import BadStrategy
from trading.strategies.ma_crossover import MaCrossover
from trading.strategies.momentum import Momentum
from trading.strategies.rsi_reversion import RsiReversion
from trading.strategy import Strategy, target_of


def a_path(seed: int, bars: int = 400) -> list[int]:
    """Give whole prices that wander and swing, so that every strategy has something to do."""
    dice = random.Random(seed)
    price, path = 10_000.0, []
    for bar in range(bars):
        price *= 1 + 0.004 * math.sin(bar / 17) + dice.gauss(0, 0.004)
        path.append(round(price))
    return path


def decisions(strategy: Strategy, closes: Sequence[int]) -> list[int]:
    """Give the target after each bar from the first that can be decided on."""
    candles = candles_of(closes)
    ends = range(strategy.lookback, len(candles) + 1)
    return [int(target_of(strategy, candles[:end])) for end in ends]


def crossover_by_numpy(strategy: MaCrossover, closes: Sequence[int]) -> list[int]:
    """Compute both averages by convolution; on a tie the sums decide, in whole numbers."""
    values = np.array(closes, dtype=np.int64)
    fast = np.convolve(values, np.ones(strategy.fast, dtype=np.int64), "valid")[
        strategy.slow - strategy.fast :
    ]
    slow = np.convolve(values, np.ones(strategy.slow, dtype=np.int64), "valid")
    return [int(inside) for inside in fast * strategy.slow > slow * strategy.fast]


def momentum_by_numpy(strategy: Momentum, closes: Sequence[int]) -> list[int]:
    """Compare shifted arrays, in hundredths of a percent."""
    values = np.array(closes, dtype=np.int64)
    threshold = int(strategy.threshold_pct * 100)
    gains = (values[strategy.bars :] - values[: -strategy.bars]) * 10_000
    return [int(inside) for inside in gains > values[: -strategy.bars] * threshold]


def reversion_by_hand(strategy: RsiReversion, closes: Sequence[int]) -> list[int]:
    """Compute every RSI afresh and walk back to the newest crossing."""
    changes = np.diff(np.array(closes, dtype=np.int64))
    strengths: list[float | None] = [None] * len(closes)
    for bar in range(strategy.period, len(closes)):
        window = changes[bar - strategy.period : bar]
        rises, falls = window[window > 0].sum(), -window[window < 0].sum()
        strengths[bar] = 50.0 if rises + falls == 0 else float(100 * rises / (rises + falls))
    targets = []
    for bar in range(strategy.lookback - 1, len(closes)):
        inside = 0
        for strength in reversed(strengths[bar - strategy.hold + 1 : bar + 1]):
            assert strength is not None
            if strength <= strategy.lower or strength >= strategy.upper:
                inside = int(strength <= strategy.lower)
                break
        targets.append(inside)
    return targets


CASES = [
    (MaCrossover(), crossover_by_numpy),
    (MaCrossover(2, 7), crossover_by_numpy),
    (Momentum(), momentum_by_numpy),
    (Momentum(5, Decimal("0.75")), momentum_by_numpy),
    (RsiReversion(), reversion_by_hand),
    (RsiReversion(5, 20, 70, 10), reversion_by_hand),
]
every_strategy = pytest.mark.parametrize(
    ("strategy", "independent"), CASES, ids=lambda case: getattr(case, "name", "")
)


@every_strategy
@pytest.mark.parametrize("seed", range(3))
def test_it_decides_as_an_independent_computation_does(
    strategy: Strategy, independent: Callable[[Strategy, Sequence[int]], list[int]], seed: int
) -> None:
    """On every bar of a long series."""
    closes = a_path(seed)

    assert decisions(strategy, closes) == independent(strategy, closes)


@every_strategy
def test_it_is_seen_to_enter_and_to_exit(strategy: Strategy, independent: object) -> None:
    """Out, in and out again."""
    seen = "".join(str(target) for target in decisions(strategy, a_path(1)))

    assert "01" in seen
    assert "10" in seen


@every_strategy
def test_the_future_never_changes_what_was_decided(strategy: Strategy, independent: object) -> None:
    """Two series that part after bar 200 have the same decisions up to there."""
    past, one, other = a_path(5, 200), a_path(6, 100), a_path(7, 100)
    until = 200 - strategy.lookback + 1

    first, second = decisions(strategy, past + one), decisions(strategy, past + other)

    assert first[:until] == second[:until] == decisions(strategy, past)
    assert first[until:] != second[until:]


@every_strategy
def test_a_restart_decides_as_if_it_had_never_stopped(strategy: Strategy, independent: object) -> None:
    """Only the last `lookback` candles count, however long it had been running."""
    candles = candles_of(a_path(2))

    for end in range(strategy.lookback, len(candles)):
        assert target_of(strategy, candles[:end]) == target_of(
            strategy, candles[end - strategy.lookback : end]
        )


def test_crossover_enters_on_a_rise_and_leaves_on_a_fall() -> None:
    """The plainest series there is."""
    flat, up, down = [100] * 20, [110] * 5, [80] * 5

    assert decisions(MaCrossover(), flat) == [0]
    assert decisions(MaCrossover(), flat + up)[-1] == 1
    assert decisions(MaCrossover(), flat + up + down)[-1] == 0


def test_momentum_needs_more_than_its_threshold() -> None:
    """Exactly the threshold is not more."""
    assert decisions(Momentum(1, Decimal(10)), [100, 110]) == [0]
    assert decisions(Momentum(1, Decimal(10)), [100, 111]) == [1]


def test_reversion_buys_weakness_and_sells_strength() -> None:
    """A fall, a pause in which it holds, a recovery."""
    strategy = RsiReversion(period=4, lower=30, upper=60, hold=20)
    still = [100] * 24
    fall, pause, recovery = [98, 96, 94, 92], [93, 92, 93, 92], [95, 98]

    assert decisions(strategy, still)[-1] == 0
    assert decisions(strategy, still + fall)[-1] == 1
    assert decisions(strategy, still + fall + pause)[-1] == 1
    assert decisions(strategy, still + fall + pause + recovery)[-1] == 0


def test_reversion_gives_up_after_its_hold() -> None:
    """A fall that nobody makes good is not held for ever."""
    strategy = RsiReversion(period=4, lower=30, upper=60, hold=6)
    seen = decisions(strategy, [100] * 10 + [98, 96, 94, 92] + [92] * 30)

    assert 1 in seen
    assert seen[-1] == 0


@pytest.mark.parametrize(("fast", "slow"), [(20, 5), (5, 5), (0, 5)])
def test_crossover_refuses_averages_in_the_wrong_order(fast: int, slow: int) -> None:
    """It would trade the other way round."""
    with pytest.raises(BadStrategy, match="must be below slow"):
        MaCrossover(fast, slow)


def test_momentum_refuses_to_look_back_by_nothing() -> None:
    """It would compare a bar with itself."""
    with pytest.raises(BadStrategy, match="at least 1"):
        Momentum(0)


@pytest.mark.parametrize(
    "changes", [{"lower": 60, "upper": 40}, {"lower": 0}, {"upper": 100}, {"period": 1}, {"hold": 0}]
)
def test_reversion_refuses_bounds_that_are_never_crossed(changes: dict[str, int]) -> None:
    """Such a session would do nothing, or never stop doing it."""
    with pytest.raises(BadStrategy):
        RsiReversion(**changes)
