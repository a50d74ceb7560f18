"""One tick of one session: closed candles and a position in, at most one order out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.amount import is_positive, plain
from trading.candles import Candle, Timeframe, gaps_in
from trading.instrument import Instrument
from trading.order import Side
from trading.strategy import Strategy, target_of

# A holding is brought back to its target only when it is off by this share of the notional: a price that
# moves must not make an order on every bar.
REBALANCE_SHARE = Decimal("0.25")

# A buy leaves this much room below the notional: the price may rise between the sizing and the gate's check,
# and a session whose notional is just the limit of an order would be denied for it.
PRICE_ROOM = Decimal("1.01")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a tick wants: an order of `quantity` in base, or none; `why` says it in words either way."""

    target: Decimal | None
    side: Side | None
    quantity: Decimal
    why: str
    bar: datetime | None = None

    @property
    def acts(self) -> bool:
        """Whether there is an order to send."""
        return self.side is not None


class Engine:
    """Turns a strategy's target into orders for one symbol; the same code live, on paper and in a backtest.

    `notional_max` is in quote. `last_bar` is the opening of the bar decided on last: a caller that keeps it
    over a restart never acts twice on one bar. A bar too old to act on (`candles.is_stale`) is not handed in.
    On a gap among the bars that the strategy sees, nothing opens; what is held may still be sold.
    """

    def __init__(
        self,
        strategy: Strategy,
        instrument: Instrument,
        notional_max: Decimal,
        last_bar: datetime | None = None,
        *,
        timeframe: Timeframe,
    ) -> None:
        self.strategy = strategy
        self.instrument = instrument
        self.notional_max = notional_max
        self.last_bar = last_bar
        self.timeframe = timeframe

    def tick(
        self,
        candles_closed: Sequence[Candle],
        position_quantity: Decimal,
        bid: Decimal,
        ask: Decimal,
        cost: Decimal = Decimal(0),
    ) -> Decision:
        """Decide once on the newest closed bar; raises what the strategy raises, and `BadTarget`.

        `cost` is what the position was bought for, in quote: no more than the rest of the notional is added.
        """
        if not candles_closed:
            return _hold("no closed candle yet")
        bar = candles_closed[-1].opened_at
        if self.last_bar is not None and bar <= self.last_bar:
            return _hold("this bar was decided on already", bar)
        self.last_bar = bar
        missing = self.strategy.lookback - len(candles_closed)
        if missing > 0:
            return _hold(f"{missing} more closed candles are needed", bar)
        target = target_of(self.strategy, candles_closed)
        if not (is_positive(bid) and is_positive(ask) and bid <= ask):
            return _hold(f"no usable price (bid {bid}, ask {ask})", bar, target)
        room = self.instrument.round_quantity(max(Decimal(0), self.notional_max - cost) / (ask * PRICE_ROOM))
        decision = self._decide(target, position_quantity, room, bid, ask, bar)
        gaps = gaps_in(candles_closed[-self.strategy.lookback :], self.timeframe)
        if gaps and decision.side is Side.BUY and position_quantity >= 0:
            missing = sum(gap.missing for gap in gaps)
            why = f"{missing} of the bars it decides on are missing, from {gaps[0].began_at:%H:%M} UTC on"
            return _hold(f"{why}: nothing opens", bar, target)
        return decision

    def _decide(
        self,
        target: Decimal,
        position: Decimal,
        room: Decimal,
        bid: Decimal,
        ask: Decimal,
        bar: datetime,
    ) -> Decision:
        wanted = self.instrument.round_quantity(target * self.notional_max / ask)
        change = wanted - position
        side, price = (Side.BUY, ask) if change > 0 else (Side.SELL, bid)
        quantity = self.instrument.round_quantity(abs(change))
        if side is Side.BUY:
            quantity = min(quantity, room)
        held = f"target {plain(target)}, holding {plain(position)} {self.instrument.base}"
        if not quantity:
            return _hold(f"{held}: as it should be", bar, target)
        leaving = target == 0 or position < 0
        if not leaving and position and quantity * price < REBALANCE_SHARE * self.notional_max:
            return _hold(f"{held}: near enough", bar, target)
        if not self.instrument.accepts(quantity, price):
            return _hold(f"{held}: {plain(quantity)} is too small an order for the venue", bar, target)
        if side is Side.BUY and not self.instrument.online:
            return _hold(f"{held}: {self.instrument.symbol} is not online at the venue", bar, target)
        return Decision(target, side, quantity, f"{held}: {side} {plain(quantity)}", bar)


def _hold(why: str, bar: datetime | None = None, target: Decimal | None = None) -> Decision:
    return Decision(target, None, Decimal(0), why, bar)
