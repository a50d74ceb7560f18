"""What a paper account does with an order: late, in parts, at worse prices, with a fee."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bot.intake import Clock
from trading.candles import Candle
from trading.errors import ExchangeNetworkError, ExchangeOrderError
from trading.instrument import Instrument
from trading.order import Intent, OrderType, Side
from trading.practice_exchange.dummy_market import DummyMarket
from trading.trade import NS, Trade
from trading.venues.paper import PaperAccountUnreadable, PaperTerms, PaperVenue
from trading.venues.venue import Ticker, VenueOrderState, VenueStatus

D = Decimal
TERMS = PaperTerms(fee_share=D("0.004"), slippage_share=D("0.001"), latency_s=1.0, parts=2)


@dataclass
class Street:
    """A market whose one price is said by the test."""

    clock: Clock
    bid: Decimal
    ask: Decimal
    shut: bool = False
    asked: list[str] = field(default_factory=list)

    def time(self) -> datetime:
        """Its clock is ours."""
        return self.clock()

    def status(self) -> VenueStatus:
        """Open."""
        return VenueStatus.ONLINE

    def instruments(self) -> Mapping[str, Instrument]:
        """One market with steps of a cent and a thousandth."""
        return {"BTC/USD": Instrument("BTC/USD", "BTC", "USD", D("0.01"), D("0.001"), D("0.001"), D(1))}

    def ticker(self, symbol: str) -> Ticker:
        """The prices, unless it does not answer."""
        if self.shut:
            raise ExchangeNetworkError(detail="no answer")
        return Ticker(symbol, self.bid, self.ask, self.clock())

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """None."""
        return ()

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """None."""
        return (), after_ns


@pytest.fixture
def street() -> Street:
    """A market at 100 to 101."""
    return Street(Clock(), D(100), D(101))


@pytest.fixture
def venue(street: Street, tmp_path: Path) -> PaperVenue:
    """A paper account with 1,000 dollars."""
    return opened(street, tmp_path)


def opened(street: Street, folder: Path) -> PaperVenue:
    """The account of a folder, as a process that starts finds it."""
    made = PaperVenue(street, folder / "paper.json", {"USD": D(1000)}, street.clock, TERMS)
    made.instruments()
    return made


def sends(venue: PaperVenue, street: Street, quantity: str, side: Side = Side.BUY, limit: str = "") -> str:
    """Send an order; gives its id at the venue."""
    kind, price = (OrderType.LIMIT, D(limit)) if limit else (OrderType.MARKET, None)
    ident = f"order-{len(street.asked)}"
    street.asked.append(ident)
    intent = Intent(ident, "shadow-1", "BTC/USD", side, D(quantity), kind, price)
    found = venue.send(intent, street.clock() + timedelta(seconds=5))
    assert found is not None
    return found


def all_fills(venue: PaperVenue, street: Street) -> list[tuple[Decimal, Decimal]]:
    """Quantity and price of every execution so far."""
    return [(f.quantity, f.price) for f in venue.fills(street.clock() - timedelta(days=1))]


def test_an_order_is_filled_late_in_parts_and_at_worse_prices(venue: PaperVenue, street: Street) -> None:
    """Nothing at once; a half after the latency at the ask of then plus slippage, the rest after another."""
    ident = sends(venue, street, "3.001")
    assert all_fills(venue, street) == []
    street.clock.passes(seconds=1)
    first = (D("1.500"), D("101.10"))
    assert all_fills(venue, street) == [first]
    assert all_fills(venue, street) == [first], "asked again in the same moment"
    assert [order.filled_quantity for order in venue.open_orders()] == [D("1.500")]

    street.ask = D(103)
    street.clock.passes(seconds=1)
    assert all_fills(venue, street) == [first, (D("1.501"), D("103.10"))]
    assert venue.orders_called([ident])[ident].state is VenueOrderState.CLOSED
    assert venue.open_orders() == []


def test_every_execution_costs_its_fee_and_the_account_adds_up(venue: PaperVenue, street: Street) -> None:
    """Bought and sold again at unmoved prices: spread, slippage and both fees are lost, and nothing else."""
    sends(venue, street, "2")
    for _ in range(2):
        street.clock.passes(seconds=1)
        all_fills(venue, street)
    sends(venue, street, "2", Side.SELL)
    for _ in range(2):
        street.clock.passes(seconds=1)
        all_fills(venue, street)
    cost, brought = 2 * D("101.10"), 2 * D("99.90")
    assert venue.balances()["USD"] == 1000 - cost * D("1.004") + brought * D("0.996")
    assert venue.balances()["BTC"] == 0


def test_no_power_cut_tears_the_account(
    venue: PaperVenue, street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What did not reach the disk counts for nothing, and the file stays what it was."""
    before = (tmp_path / "paper.json").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("trading.whole_file.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            sends(venue, street, "1")

    assert venue.open_orders() == []
    assert [path.name for path in tmp_path.iterdir()] == ["paper.json"]
    assert (tmp_path / "paper.json").read_bytes() == before


@pytest.mark.parametrize("torn", [b"", b'{"balances": {"US', b"\xff\x00", b"[]"])
def test_an_account_that_cannot_be_read_is_told_with_what_to_do(
    venue: PaperVenue, street: Street, tmp_path: Path, torn: bytes
) -> None:
    """File and way out are named, and nothing is begun in its place by itself."""
    file = tmp_path / "paper.json"
    file.write_bytes(torn)
    with pytest.raises(PaperAccountUnreadable, match=rf"{file} cannot be read.*Move the file away"):
        opened(street, tmp_path)
    assert file.read_bytes() == torn


@pytest.mark.parametrize(("side", "quantity"), [(Side.BUY, "9.9"), (Side.SELL, "0.001")])
def test_what_the_account_cannot_pay_is_rejected(
    venue: PaperVenue, street: Street, side: Side, quantity: str
) -> None:
    """As a venue would say it; nothing is placed."""
    with pytest.raises(ExchangeOrderError, match="has not enough"):
        sends(venue, street, quantity, side)
    assert venue.open_orders() == []


def test_a_limit_is_not_overrun(venue: PaperVenue, street: Street) -> None:
    """It rests until the market comes to it."""
    sends(venue, street, "1", limit="101")
    street.clock.passes(seconds=1)
    assert all_fills(venue, street) == []
    street.ask = D("100.50")
    assert all_fills(venue, street) == [(D("0.500"), D("100.60"))]


def test_an_account_is_the_same_for_the_next_process(
    venue: PaperVenue, street: Street, tmp_path: Path
) -> None:
    """Balances, what is open and what was executed stand in its file."""
    ident = sends(venue, street, "2")
    street.clock.passes(seconds=1)
    before = all_fills(venue, street)
    again = opened(street, tmp_path)
    assert all_fills(again, street) == before
    assert again.balances() == venue.balances()
    assert [order.venue_order_id for order in again.open_orders()] == [ident]


def test_a_cancelled_rest_is_never_filled_and_a_silent_market_keeps_no_proof(
    venue: PaperVenue, street: Street
) -> None:
    """What was executed stays; the list of what is open needs no market."""
    sends(venue, street, "2")
    street.clock.passes(seconds=1)
    all_fills(venue, street)
    street.shut = True
    assert venue.cancel_all() == 1
    assert venue.open_orders() == []
    assert [order.state for order in venue.cancelled_since(street.clock())] == [VenueOrderState.CANCELED]
    street.clock.passes(seconds=5)
    assert len(all_fills(venue, street)) == 1


def test_a_late_order_is_dropped(venue: PaperVenue, street: Street) -> None:
    """A deadline holds on paper too."""
    intent = Intent("late", "shadow-1", "BTC/USD", Side.BUY, D(1))
    with pytest.raises(ExchangeOrderError, match="deadline"):
        venue.send(intent, street.clock() - timedelta(seconds=1))


def test_the_dummy_market_has_candles_and_prices_that_fit() -> None:
    """Without a network: bars in order, the last one around the price of now, the same when asked twice."""
    clock = Clock()
    market = DummyMarket(clock)
    bars = market.candles("BTC/USD", "1m")
    quote = market.ticker("BTC/USD")
    assert len(bars) == 720
    assert all(a.opened_at < b.opened_at for a, b in pairwise(bars))
    assert bars[-1].low * D("0.99") < quote.mid < bars[-1].high * D("1.01")
    assert market.candles("BTC/USD", "1m") == bars
    began, ended = bars[-3].opened_at, bars[-2].opened_at
    trades, _ = market.trades("BTC/USD", (int(began.timestamp()) - 1) * NS)
    prices = [trade.price for trade in trades if trade.at < ended]
    assert (prices[0], max(prices), min(prices)) == (bars[-3].open, bars[-3].high, bars[-3].low)
    with pytest.raises(ExchangeOrderError):
        market.ticker("DOGE/USD")
