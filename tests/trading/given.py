"""Small values that trading tests start from."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from trading.candles import Candle
from trading.equity import Daily
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import RiskLimits
from trading.order import Intent, Order, OrderState, OrderType, Side
from trading.session import SessionPlan, SessionState, Stage, TradingSession

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BTC = "BTC/USD"
ETH = "ETH/USD"

_numbers = count(1)


def D(text: str | int) -> Decimal:  # noqa: N802 - reads like the figure it is
    """Write a decimal briefly."""
    return Decimal(text)


def an_id(kind: str) -> str:
    """Give an id that nothing else in this run has."""
    return f"{kind}-{next(_numbers)}"


def candles_of(
    closes: Iterable[str | int | Decimal], start: datetime = NOON, minutes: int = 1
) -> list[Candle]:
    """Give a candle series that moves only by its closes."""
    series = []
    for index, close in enumerate(closes):
        price = Decimal(close)
        opened_at = start + timedelta(minutes=index * minutes)
        series.append(Candle(opened_at, price, price, price, price, Decimal(1)))
    return series


def bitcoin(**changes: object) -> Instrument:
    """Give a market with the steps of a real one."""
    fields = {
        "symbol": BTC,
        "base": "BTC",
        "quote": "USD",
        "price_step": D("0.1"),
        "quantity_step": D("0.00000001"),
        "quantity_min": D("0.0001"),
        "cost_min": D("0.5"),
    }
    return Instrument(**{**fields, **changes})  # type: ignore[arg-type]


def an_intent(
    side: Side, quantity: str | int, symbol: str = BTC, limit_price: str | None = None, session_id: str = "s1"
) -> Intent:
    """Give a market order, or a limit order when it has a price."""
    return Intent(
        client_order_id=an_id("order"),
        session_id=session_id,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        type=OrderType.LIMIT if limit_price else OrderType.MARKET,
        limit_price=Decimal(limit_price) if limit_price else None,
    )


def an_order(intent: Intent, state: OrderState = OrderState.INTENDED, filled: str | int = 0) -> Order:
    """Give the order of an intent."""
    return Order(intent, state, created_at=NOON, filled_quantity=Decimal(filled))


def a_fill(
    side: Side,
    quantity: str | int,
    price: str | int,
    symbol: str = BTC,
    fee: str | int = 0,
    fee_currency: str = "USD",
    of: Intent | None = None,
    at: datetime = NOON,
) -> Fill:
    """Give a fill, of an order of ours when one is named."""
    return Fill(
        fill_id=an_id("fill"),
        client_order_id=of.client_order_id if of else None,
        venue_order_id=an_id("venue"),
        session_id=of.session_id if of else None,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency=fee_currency,
        at=at,
    )


def the_limits(**changes: object) -> RiskLimits:
    """Give limits in dollars that a small desk would set."""
    fields = {
        "currency": "USD",
        "max_order_notional": D(100),
        "max_symbol_exposure": D(300),
        "max_total_exposure": D(500),
        "max_daily_loss_abs": D(500),
        "max_daily_loss_pct": D(5),
    }
    return RiskLimits(**{**fields, **changes})  # type: ignore[arg-type]


QUIET_DAY = Daily(mark=D(100_000), equity=D(100_000))


def a_plan(**changes: object) -> SessionPlan:
    """Give the plan of a small shadow session."""
    fields = {
        "stage": Stage.SHADOW,
        "exchange": "kraken",
        "strategy": "ma_crossover",
        "symbol": BTC,
        "timeframe": "1m",
        "notional_max": D(100),
        "parameters": (("fast", "5"), ("slow", "20")),
    }
    return SessionPlan(**{**fields, **changes})  # type: ignore[arg-type]


def a_session(**changes: object) -> TradingSession:
    """Give a session that is about to start."""
    fields = {
        "id": an_id("session"),
        "plan": a_plan(),
        "state": SessionState.STARTING,
        "started_by": "otto",
        "reason": "first small run",
        "created_at": NOON,
    }
    return TradingSession(**{**fields, **changes})  # type: ignore[arg-type]
