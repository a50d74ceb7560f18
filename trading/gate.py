"""The one way an order takes to the venue: checked, counted, written down, sent once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from trading.after_halt import AfterHalt
from trading.amount import cents, is_positive, plain
from trading.books import Books
from trading.codec import decode
from trading.equity import Daily
from trading.errors import (
    ExchangeAuthenticationError,
    ExchangeOrderError,
    ExchangeRateLimitError,
    LimitLoosened,
    TradingError,
    VenueError,
)
from trading.killswitch import Latch
from trading.limits import Denial, RiskLimits, check, wider_limits
from trading.market_data import MarketData
from trading.order import Intent, Order, OrderState, Side
from trading.price import price_doubt, price_of
from trading.session import SessionState, TradingSession
from trading.trouble import ORDERS, Trouble
from trading.venues.venue import OrderPlaced, Ticker, Venue
from trading.wire import Answer, Outcome

log = structlog.get_logger()

# These answers say that the venue has not taken the order. All others leave it open.
_NOT_TAKEN = (ExchangeOrderError, ExchangeAuthenticationError, ExchangeRateLimitError)

_ANSWERS = {
    OrderState.DENIED: Answer.DENIED,
    OrderState.REJECTED: Answer.REJECTED,
    OrderState.INTENDED: Answer.UNKNOWN,
    OrderState.UNKNOWN: Answer.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a check must know besides the order: why nothing at all, or nothing that opens, may pass now."""

    shut: str = ""
    reducing_only: str = ""


@dataclass(frozen=True, slots=True)
class _Priced:
    """An intent's price in quote, the rate into the currency of the limits, and where both came from."""

    price: Decimal
    rate: Decimal | None
    quote: Ticker
    online: bool


class Gate:
    """Lets orders through one at a time; `trouble` hears of what the venue answers to them."""

    def __init__(
        self,
        *,
        venue: Venue,
        books: Books,
        market: MarketData,
        limits: RiskLimits,
        settings_digest: str,
        latch: Latch,
        clock: Callable[[], datetime],
        order_life: timedelta,
        session_of: Callable[[str], TradingSession],
        circumstances: Callable[[], Circumstances],
        daily: Callable[[], Daily],
        trouble: Trouble,
        after_halt: AfterHalt,
    ) -> None:
        self.limits = limits
        self.settings_digest = settings_digest
        self._venue = venue
        self._books = books
        self._market = market
        self._latch = latch
        self._clock = clock
        self._order_life = order_life
        self._session_of = session_of
        self._circumstances = circumstances
        self._daily = daily
        self._trouble = trouble
        self._after_halt = after_halt

    def tighten(self, limits: Mapping[str, Any], settings_digest: str) -> bool:
        """Go by tighter limits from the next order on; raises `LimitLoosened` for any that is wider.

        The digest is that of the settings of which they are part.
        """
        tighter = decode(RiskLimits, limits)
        if wider := wider_limits(self.limits, tighter):
            raise LimitLoosened(names=", ".join(wider))
        with self._venue.turn():
            self.limits, self.settings_digest = tighter, settings_digest
        return True

    def submit(self, intent: Intent) -> Outcome:
        """Send an intent unless something speaks against it; the same id again gives the first outcome."""
        known = self._books.order(intent.client_order_id)
        if known and known.state is not OrderState.INTENDED:
            return self._outcome(known)
        priced = self._priced(intent)
        if not isinstance(priced, Denial):
            self._venue.pace_order()
        with self._venue.turn():
            # Read now, not before the turn: a stop, a pause or the same intent may have come meanwhile.
            if known := self._books.order(intent.client_order_id):
                return self._outcome(known)
            order = Order(intent, OrderState.INTENDED, self._clock())
            if isinstance(priced, Denial):
                return self._denied(order, priced)
            session = self._session_of(intent.session_id)
            denial = self._judged(session, intent, priced)
            return self._denied(order, denial) if denial else self._send(order, priced.price)

    def check(self, intent: Intent) -> Denial | None:
        """What would be said to an intent of a session that does not run yet; nothing is kept."""
        priced = self._priced(intent)
        return priced if isinstance(priced, Denial) else self._judged(None, intent, priced)

    def wait_shut(self, timeout_s: float) -> bool:
        """Wait until nobody is sending; the latch keeps everybody out from then on."""
        turn = self._venue.turn()
        if not turn.acquire(timeout=timeout_s):
            return False
        turn.release()
        return True

    def _priced(self, intent: Intent) -> _Priced | Denial:
        """The prices to judge an intent at, read before anybody's turn so that nobody waits for them."""
        try:
            instrument = self._market.instrument(intent.symbol)
            quote = self._market.ticker(intent.symbol)
            rate = self._market.rate(instrument.quote)
        except VenueError as error:
            self._trouble.met(error)
            return _denial("price", f"the price of {intent.symbol} is unknown: {error}")
        except TradingError as error:
            return _denial("symbol", str(error))
        price = price_of(intent, quote.bid, quote.ask)
        if not is_positive(intent.quantity) or not is_positive(price):
            return _denial("quantity", f"{intent.quantity} at {price} is no order")
        if not instrument.accepts(intent.quantity, price):
            return _denial("quantity", f"{plain(intent.quantity)} is too small an order for the venue")
        return _Priced(price, rate, quote, instrument.online)

    def _judged(self, session: TradingSession | None, intent: Intent, priced: _Priced) -> Denial | None:
        """What speaks against an intent; to send on this the caller holds the turn."""
        now = self._circumstances()
        if now.shut:
            return _denial("gate", now.shut)
        with self._books.lock:
            exposure = self._books.exposure
            exposure.mark(intent.symbol, priced.quote.mid, priced.rate)
            if session is not None and (denial := self._against_session(session, intent, priced.price)):
                return denial
            if exposure.opening_quantity(intent) and (denial := self._against_opening(intent, priced, now)):
                return denial
            return check(self.limits, intent, priced.price, exposure, self._daily())

    def _against_opening(self, intent: Intent, priced: _Priced, now: Circumstances) -> Denial | None:
        if now.reducing_only:
            return _denial("gate", now.reducing_only)
        if not priced.online:
            return _denial("symbol", f"{intent.symbol} is not online at the venue")
        quote = priced.quote
        return price_doubt(priced.price, quote.bid, quote.ask, quote.at, self._clock())

    def _against_session(self, session: TradingSession, intent: Intent, price: Decimal) -> Denial | None:
        """What the session itself may not do: another symbol, more than was approved, others' coins."""
        plan = session.plan
        if intent.symbol != plan.symbol:
            return _denial("symbol", f"this session trades {plan.symbol}, not {intent.symbol}")
        if plan.stage not in self._venue.stages:
            return _denial("stage", f"a {plan.stage} session may not place orders on {plan.exchange}")
        if session.state not in (SessionState.RUNNING, SessionState.PAUSED):
            return _denial("session", f"the session is {session.state}")
        held = self._books.position(session.id, plan.symbol)
        pending = self._books.pending(session.id, plan.symbol)
        if intent.side is Side.SELL:
            left = held.quantity - pending[Side.SELL]
            if intent.quantity > left:
                message = f"a sell of {plain(intent.quantity)} is more than the session's own {plain(left)}"
                return Denial("position", intent.quantity, left, message)
            return None
        if session.state is SessionState.PAUSED:
            return _denial("session", "the session is paused; it may only reduce")
        if session.ends_at is not None and self._clock() >= session.ends_at:
            return _denial(
                "session", f"its activation ended {session.ends_at:%Y-%m-%d %H:%M} UTC; it may only reduce"
            )
        # What was paid counts also after the price has fallen: the cap is on the money put in.
        put_in = max(held.cost, held.quantity * price)
        notional = put_in + (pending[Side.BUY] + intent.quantity) * price
        cap = plan.notional_max * self._after_halt.share(plan.stage)
        if notional > cap:
            half = "; a halt was cleared lately, so it is half" if cap < plan.notional_max else ""
            message = f"notional_max exceeded ({cents(notional)} > {plain(cap)}{half})"
            return Denial("notional_max", notional, cap, message)
        return None

    def _denied(self, order: Order, denial: Denial) -> Outcome:
        log.warning(f"[RISK] Order blocked: {denial.message}", session=order.intent.session_id)
        self._books.deny(order, denial.message)
        return Outcome(Answer.DENIED, order.intent.client_order_id, denial.message)

    def _send(self, order: Order, price: Decimal) -> Outcome:
        """Write the order down, look at the latch a last time, send; the caller holds the turn."""
        ident = order.intent.client_order_id
        now = self._clock()
        order = Order(order.intent, OrderState.INTENDED, now, deadline=now + self._order_life)
        self._books.intend(order, price)
        assert order.deadline is not None  # noqa: S101 - set above
        if self._latch.engaged():
            return self._outcome(self._books.withdrawn(order, "trading was halted before it was sent"))
        try:
            venue_order_id = self._venue.send(order.intent, order.deadline)
        except _NOT_TAKEN as error:
            self._trouble.met(error, ORDERS)
            return self._outcome(self._books.rejected(order, str(error)))
        except VenueError as error:
            if isinstance(error, OrderPlaced):
                self._latch.engage("an order was placed in testnet", "gateway", self._clock())
            self._trouble.met(error, ORDERS)
            return self._outcome(self._books.unknown(order, str(error)))
        self._trouble.over(ORDERS)
        if venue_order_id is None:
            why = "validated by the venue, which placed nothing"
            return self._outcome(self._books.closed(order, OrderState.CANCELLED, why))
        log.info("order accepted", order=ident, venue_order=venue_order_id)
        return self._outcome(self._books.accepted(order, venue_order_id))

    def _outcome(self, order: Order) -> Outcome:
        return Outcome(_ANSWERS.get(order.state, Answer.ACCEPTED), order.intent.client_order_id, order.reason)


def _denial(limit: str, why: str) -> Denial:
    return Denial(limit, None, None, why)
