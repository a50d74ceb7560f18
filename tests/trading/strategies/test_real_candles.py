"""The strategies that come with the desk, on candles that a market has printed, beside another computation.

`data/kraken_btc_usd_1h.csv` is Kraken's own history of BTC/USD by the hour, 25 to 30 October 2019: a rise of
a fifth within two hours, and what followed.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import polars as pl
import pytest

from tests.trading.given import D, bitcoin
from trading.candle_files import read_candles
from trading.candles import Timeframe
from trading.engine import Engine
from trading.order import Side
from trading.strategy import load, target_of

FILE = Path(__file__).parent / "data" / "kraken_btc_usd_1h.csv"
CANDLES = read_candles(FILE, Timeframe.H1, datetime(2026, 1, 1, tzinfo=UTC))
# Whole numbers, so that the other computation rounds nothing where the strategies do not.
CLOSES = pl.Series([int(candle.close * 10) for candle in CANDLES])
SHIPPED = {
    "ma_crossover": {"fast": "4", "slow": "12"},
    "momentum": {"bars": "6", "threshold_pct": "0.5"},
    "rsi_reversion": {"period": "8", "lower": "35", "upper": "55", "hold": "24"},
}


def crossover() -> list[bool]:
    """Whether the mean of four stands above the mean of twelve, for every bar."""
    return (CLOSES.rolling_sum(4) * 3 > CLOSES.rolling_sum(12)).fill_null(value=False).to_list()


def rise() -> list[bool]:
    """Whether the close is more than half a percent above that of six bars before."""
    before = CLOSES.shift(6)
    return ((CLOSES - before) * 200 > before).fill_null(value=False).to_list()


def reversion() -> list[bool]:
    """In from a low RSI until a high one, bar by bar as a desk would keep it, for a day at most."""
    change = CLOSES.diff().fill_null(0)
    up, down = change.clip(lower_bound=0).rolling_sum(8), (-change).clip(lower_bound=0).rolling_sum(8)
    rsi = (100 * up / (up + down)).to_list()
    states, held_since = [], None
    for at, value in enumerate(rsi):
        if at < 8:
            states.append(False)
            continue
        if value <= 35:
            held_since = at
        elif value >= 55 or (held_since is not None and at - held_since > 24):
            held_since = None
        states.append(held_since is not None)
    return states


ANOTHER: dict[str, Callable[[], list[bool]]] = {
    "ma_crossover": crossover,
    "momentum": rise,
    "rsi_reversion": reversion,
}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_it_wants_is_what_another_computation_gives(name: str) -> None:
    """On every bar of a real market, in a library that knows nothing of ours."""
    strategy, wanted = load(name, parameters=SHIPPED[name]), ANOTHER[name]()
    bars = range(strategy.lookback, len(CANDLES) + 1)
    targets = [bool(target_of(strategy, CANDLES[:end])) for end in bars]
    assert targets == wanted[strategy.lookback - 1 :]


@pytest.mark.parametrize("name", SHIPPED)
def test_it_enters_and_leaves_on_candles_of_a_real_market(name: str) -> None:
    """Through the engine, with a market's steps: buys and sells in turn, each sale of all that is held."""
    strategy, market = load(name, parameters=SHIPPED[name]), bitcoin()
    engine = Engine(strategy, market, D(1000), timeframe=Timeframe.H1)
    held, sides = Decimal(0), []
    for end in range(1, len(CANDLES) + 1):
        price = CANDLES[end - 1].close
        decision = engine.tick(CANDLES[:end], held, price, price)
        if decision.side is not None:
            sides.append(decision.side)
            held += decision.side.sign * decision.quantity
            assert (held == 0) == (decision.side is Side.SELL)
    turns = [side for side, _ in groupby(sides)]
    assert turns[:2] == [Side.BUY, Side.SELL]
    assert len(turns) == len(sides)
