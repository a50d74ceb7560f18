"""What the account is worth, and what is known of it when something has no price."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.equity import EquityPoint
from trading.errors import ExchangeNetworkError, TradingError
from trading.market_data import UnknownSymbol
from trading.practice_exchange.faults import FaultKind
from trading.store import EquityStore
from trading.valuation import _POINTS_MAX, _thinned
from trading.venues.venue import Ticker
from trading.wire import Answer


def bought(rig: Rig, symbol: str, quantity: str) -> None:
    """Let a session of its own hold so much."""
    client, ident = rig.attached(symbol=symbol)
    assert client.submit(a_buy(ident, quantity, symbol=symbol)).state is Answer.ACCEPTED
    eventually("it is filled", lambda: rig.filled(ident) == Decimal(quantity))


def test_what_has_no_price_hides_neither_profit_nor_fees(rig: Rig) -> None:
    """Only what is held now needs one: the rest is counted from our own fills."""
    with rig.gateway():
        bought(rig, "BTC/USD", "0.005")
        rig.fault(FaultKind.BLANK_200, "no_result", "Depth", None)
        eventually("it has no price", lambda: rig.client.equity().unrealised is None)
        money = rig.client.equity()
        assert money.realised == 0
        assert money.fees is not None
        assert money.fees > 0


def test_one_symbol_without_a_price_keeps_no_other_from_its_own(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of them comes first, the limits know the price of the other."""
    with rig.gateway(replace(QUICK, prices_s=3600)) as gateway:
        bought(rig, "BTC/USD", "0.001")
        bought(rig, "ETH/USD", "0.01")
        ticker = gateway._market.ticker

        def marked_without(unpriced: str, error: TradingError) -> list[str]:
            def read(symbol: str) -> Ticker:
                if symbol == unpriced:
                    raise error
                return ticker(symbol)

            marked: list[str] = []
            with monkeypatch.context() as patch, suppress(ExchangeNetworkError):
                patch.setattr(gateway._market, "ticker", read)
                patch.setattr(gateway._books.exposure, "mark", lambda symbol, *_: marked.append(symbol))
                gateway._valuation.refresh_prices()
            return marked

        for error in (ExchangeNetworkError(detail="odd"), UnknownSymbol(symbol="it", venue="kraken")):
            assert marked_without("BTC/USD", error) == ["ETH/USD"]
            assert marked_without("ETH/USD", error) == ["BTC/USD"]


def test_a_week_of_marks_is_told_and_little_more_is_kept(rig: Rig) -> None:
    """Older ones are removed, but for those that a day began with."""
    now = system_clock()
    with rig.database.transaction() as session:
        marks = EquityStore(session)
        for days, is_first in ((30, True), (9, False), (6, False)):
            at = now - timedelta(days)
            marks.add("kraken", at, Decimal(days), {}, at.date() if is_first else None)
    with rig.gateway():
        points = rig.client.equity().points
        assert points[0][1] == 6
        assert points[-1][0] >= now
    with rig.database.reading() as reading:
        kept = [point.equity for point in EquityStore(reading).marks(now - timedelta(365), "kraken")]
    assert kept[:2] == [30, 6]


@pytest.mark.parametrize("count", [0, 1, _POINTS_MAX, _POINTS_MAX + 1, 10_080])
def test_a_long_curve_is_told_in_fewer_points(count: int) -> None:
    """Evenly, and always with the newest."""
    now = system_clock()
    curve = [EquityPoint(now + timedelta(minutes=n), Decimal(n)) for n in range(count)]
    told = _thinned(curve)
    assert len(told) <= _POINTS_MAX
    assert len(told) > min(count, _POINTS_MAX) / 2 - 1
    assert list(told[-1:]) == curve[-1:]
    assert len({after.at - before.at for before, after in pairwise(told)}) <= 1


def test_what_is_paid_in_or_out_is_no_profit_and_no_loss(rig: Rig) -> None:
    """Be it money or a coin, and be it that the gateway has started again meanwhile."""

    def moved_by_prices_alone() -> bool:
        pnl = rig.client.equity().daily_pnl
        return pnl is not None and abs(pnl) < 100  # what the account has held from the beginning

    with rig.gateway(replace(QUICK, equity_s=0.2)):
        eventually("the day has begun", moved_by_prices_alone)
        before = rig.client.equity().equity
        assert before is not None
        for amount, asset in (("1000", "USD"), ("-300", "USD"), ("1", "ETH")):
            rig.set_fault(FaultKind.DEPOSIT, value=amount, asset=asset)
        eventually("it is there", lambda: (rig.client.equity().equity or before) > before + 600)
        assert moved_by_prices_alone()
    with rig.gateway():
        eventually("nor is it won later", moved_by_prices_alone)
