"""The orders a start would send, sent nowhere: the strategy runs in a process without secrets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.candles import Candle, Timeframe, closed
from trading.engine import Engine
from trading.errors import TradingError
from trading.instrument import Instrument
from trading.order import Intent, Side
from trading.session import SessionPlan
from trading.strategy import load
from trading.wire import Quote

CANDLES = 720


@dataclass(frozen=True, slots=True)
class PreviewTask:
    """All that a preview depends on, so that the same task gives the same numbers."""

    plan: SessionPlan
    instrument: Instrument
    candles: tuple[Candle, ...]
    now: datetime
    position: Decimal
    quote: Quote


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """One order as it would be sent, with what the limits say to it; notional in the quote currency."""

    side: Side
    quantity: Decimal
    price: Decimal
    notional: Decimal
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the strategy wants now and the orders that follow from it; `failure` is set when it broke."""

    target: Decimal | None
    orders: tuple[PreviewOrder, ...]
    why: str
    candles_until: datetime | None
    failure: str = ""


def foresee(task: PreviewTask) -> Preview:
    """Run the strategy once on the closed candles of the task."""
    timeframe = Timeframe.parse(task.plan.timeframe)
    candles = closed(task.candles, timeframe, task.now)
    until = candles[-1].opened_at if candles else None
    try:
        plan = task.plan
        strategy = load(plan.strategy, plan.class_path, plan.parameters, plan.source_digest)
        engine = Engine(strategy, task.instrument, plan.notional_max, timeframe=timeframe)
        decision = engine.tick(candles, task.position, task.quote.bid, task.quote.ask)
    except Exception as error:
        sentence = str(error) if isinstance(error, TradingError) else f"{type(error).__name__}: {error}"
        return Preview(None, (), "", until, failure=sentence)
    if decision.side is None:
        return Preview(decision.target, (), decision.why, until)
    price = task.quote.ask if decision.side is Side.BUY else task.quote.bid
    order = PreviewOrder(decision.side, decision.quantity, price, decision.quantity * price)
    return Preview(decision.target, (order,), decision.why, until)


def with_verdicts(preview: Preview, symbol: str, check: Callable[[Intent], object | None]) -> Preview:
    """The same preview with what the limits say to each order at current prices."""
    orders = []
    for number, order in enumerate(preview.orders, 1):
        denial = check(Intent(f"preview-{number}", "preview", symbol, order.side, order.quantity))
        orders.append(replace(order, verdict=f"denied: {denial}" if denial else "passes the limits"))
    return replace(preview, orders=tuple(orders))
