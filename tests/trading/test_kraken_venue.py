"""The adapter on the real ccxt class, against a server that speaks Kraken's protocol."""

from datetime import datetime, timedelta
from decimal import Decimal

import ccxt
import pytest

from bot.clock import system_clock
from tests.trading.rig import TRADING_KEY, Rig, a_buy, eventually, secret_of
from trading.errors import (
    ExchangeAPIError,
    ExchangeAuthenticationError,
    ExchangeNetworkError,
    ExchangeOrderError,
    ExchangeRateLimitError,
    VenueError,
)
from trading.practice_exchange.faults import BLANK_BODIES, FaultKind
from trading.venues.ccxt_errors import ours
from trading.venues.kraken import KrakenVenue
from trading.venues.kraken_replies import flaw
from trading.venues.pace import Pace
from trading.venues.venue import VenueOrderState, VenueStatus


@pytest.fixture
def venue(rig: Rig) -> KrakenVenue:
    """Give the adapter with its markets read."""
    venue = rig.venue()
    venue.instruments()
    return venue


def soon() -> datetime:
    """A deadline that orders of these tests carry."""
    return system_clock() + timedelta(seconds=5)


def test_an_order_carries_our_id_and_its_deadline(rig: Rig, venue: KrakenVenue) -> None:
    """Both reach the venue as we wrote them, and fees are asked for in the quote currency."""
    intent = a_buy("s", limit_price=rig.below_market())
    deadline = soon()
    venue_order_id = venue.send(intent, deadline)

    (call,) = rig.calls()
    assert call.params["cl_ord_id"] == intent.client_order_id
    assert call.params["deadline"] == deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert call.params["oflags"] == "fciq"
    assert Decimal(call.params["volume"]) == intent.quantity
    (listed,) = venue.open_orders()
    assert (listed.venue_order_id, listed.client_order_id) == (venue_order_id, intent.client_order_id)
    assert (listed.symbol, listed.price) == ("BTC/USD", intent.limit_price)


def test_an_order_is_found_open_and_closed(rig: Rig, venue: KrakenVenue) -> None:
    """By our own id, before and after it is filled; one that never was is not found."""
    intent = a_buy("s")
    venue.send(intent, soon())
    eventually(
        "it is filled",
        lambda: (order := venue.find_order(intent.client_order_id)) and order.state is VenueOrderState.CLOSED,
    )
    resting = a_buy("s", limit_price=rig.below_market())
    venue.send(resting, soon())
    found = venue.find_order(resting.client_order_id)
    assert found is not None
    assert found.state is VenueOrderState.OPEN
    assert venue.find_order(a_buy("s").client_order_id) is None


def test_fills_carry_price_fee_and_order(rig: Rig, venue: KrakenVenue) -> None:
    """Executions add up to the order, with the fee in the quote currency."""
    began = system_clock()
    intent = a_buy("s")
    venue_order_id = venue.send(intent, soon())
    eventually("all of it", lambda: sum(f.quantity for f in venue.fills(began)) == intent.quantity)
    fills = venue.fills(began)
    assert {fill.venue_order_id for fill in fills} == {venue_order_id}
    assert {(fill.symbol, fill.fee_currency) for fill in fills} == {("BTC/USD", "USD")}
    assert all(fill.fee > 0 for fill in fills)


@pytest.mark.parametrize("body", sorted(BLANK_BODIES))
def test_a_blank_answer_is_refused_wherever_it_comes(rig: Rig, venue: KrakenVenue, body: str) -> None:
    """HTTP 200 with nothing in it is neither flat nor cancelled nor sent."""
    rig.fault(FaultKind.BLANK_200, body, left=None)
    for call in (
        venue.open_orders,
        venue.balances,
        venue.cancel_all,
        venue.time,
        venue.instruments,
        lambda: venue.fills(system_clock()),
        lambda: venue.send(a_buy("s"), soon()),
        lambda: venue.arm_timer(60),
        lambda: venue.find_order("x"),
        lambda: venue.ticker("BTC/USD"),
    ):
        with pytest.raises(ExchangeNetworkError):
            call()


def test_reads_are_tried_again_and_orders_are_not(rig: Rig, venue: KrakenVenue) -> None:
    """A stumble of the venue costs a read nothing; an order is sent once."""
    rig.fault(FaultKind.ERROR_5XX, "503", "Balance", 1)
    rig.fault(FaultKind.ERROR_5XX, "503", "BalanceEx", 1)
    assert venue.balances()["USD"] > 0
    rig.fault(FaultKind.ERROR_5XX, "503", "AddOrder", None)
    with pytest.raises(ExchangeNetworkError):
        venue.send(a_buy("s"), soon())
    assert len(rig.calls()) == 1


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (ccxt.RateLimitExceeded("x"), ExchangeRateLimitError),
        (ccxt.DDoSProtection("x"), ExchangeRateLimitError),
        (ccxt.AuthenticationError("x"), ExchangeAuthenticationError),
        (ccxt.PermissionDenied("x"), ExchangeAuthenticationError),
        (ccxt.InvalidNonce("x"), ExchangeAuthenticationError),
        (ccxt.ExchangeError('kraken {"error":["EAPI:Invalid signature"]}'), ExchangeAuthenticationError),
        (ccxt.ExchangeError('kraken {"error":["EQuery:Unknown asset pair"]}'), ExchangeOrderError),
        (ccxt.InvalidOrder("x"), ExchangeOrderError),
        (ccxt.OrderNotFound("x"), ExchangeOrderError),
        (ccxt.InsufficientFunds("x"), ExchangeOrderError),
        (ccxt.CancelPending("x"), ExchangeOrderError),
        (ccxt.OperationRejected("x"), ExchangeOrderError),
        (ccxt.ExchangeError('kraken {"error":["EOrder:Cost minimum not met"]}'), ExchangeOrderError),
        (ccxt.RequestTimeout("x"), ExchangeNetworkError),
        (ccxt.OnMaintenance("x"), ExchangeNetworkError),
        (ccxt.BadResponse("x"), ExchangeNetworkError),
        (ccxt.NullResponse("x"), ExchangeNetworkError),
        (ccxt.ExchangeError('kraken {"error":["EService:Timeout"]}'), ExchangeNetworkError),
        (ccxt.ExchangeError("x"), ExchangeAPIError),
        (ccxt.BadRequest("x"), ExchangeAPIError),
        (ccxt.NotSupported("x"), ExchangeAPIError),
        (TypeError("x"), ExchangeAPIError),
        (AttributeError("x"), ExchangeAPIError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_become_ours_in_the_right_order(error: Exception, wanted: type[VenueError]) -> None:
    """ccxt files rate limits and nonces under outages; here they are what they are."""
    assert type(ours(error)) is wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'kraken {"error":["EOrder:Insufficient funds","EOrder:Cost minimum not met"]}',
            "EOrder:Insufficient",
        ),
        ("kraken POST https://api.kraken.com/0/private/TradesHistory 503 Service Unavailable <html>", "503"),
        ("kraken GET https://api.kraken.com/0/public/Ticker?pair=XBTUSD", "Ticker: ExchangeNotAvailable"),
    ],
)
def test_an_error_is_told_without_addresses_and_library_words(text: str, told: str) -> None:
    """It stands on cards, in the sentence that somebody reads at night."""
    said = str(ours(ccxt.ExchangeNotAvailable(text)))
    assert told in said
    assert "http" not in said
    assert "{" not in said


def test_an_error_stays_one_line(venue: KrakenVenue) -> None:
    """What a venue says goes into logs: no line breaks, not without end."""
    text = str(ours(ccxt.ExchangeError("a\nb\r\n" + "x" * 10_000)))
    assert "\n" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    ("url", "body", "believed"),
    [
        ("/0/private/OpenOrders", '{"error":[],"result":{"open":{}}}', True),
        ("/0/private/OpenOrders", '{"error":[],"result":{}}', False),
        ("/0/private/OpenOrders", '{"error":["EAPI:Invalid nonce"]}', True),
        ("/0/private/OpenOrders", '{"result":{"open":{}}}', False),
        ("/0/private/OpenOrders", "[]", False),
        ("/0/private/OpenOrders", "null", False),
        ("/0/private/CancelAll", '{"error":[],"result":{}}', False),
        ("/0/private/CancelAll", '{"error":[],"result":{"count":0}}', True),
        ("/0/private/BalanceEx", '{"error":[],"result":{}}', True),
        ("/0/public/AssetPairs", '{"error":[],"result":{}}', False),
        ("/0/public/Depth?pair=X", '{"error":[],"result":{}}', False),
    ],
)
def test_only_a_whole_reply_is_believed(url: str, body: str, believed: bool) -> None:
    """An empty account may be empty; a list must be there to be empty."""
    assert (flaw(f"http://127.0.0.1{url}", body) is None) is believed


def test_cancelling_what_is_gone_is_no_error(venue: KrakenVenue) -> None:
    """The order is not there, which is what was wanted."""
    venue.cancel("OAAAAA-AAAAA-AAAAAA")


def test_the_timer_cannot_be_disarmed_by_rounding(rig: Rig, venue: KrakenVenue) -> None:
    """Less than a second would send nought, and nought takes the timer back."""
    with pytest.raises(ValueError, match="would disarm"):
        venue.arm_timer(0)
    venue.arm_timer(60)
    assert [call.params["timeout"] for call in rig.calls("CancelAllOrdersAfter")] == ["60"]


def test_a_wrong_secret_is_an_authentication_error(rig: Rig) -> None:
    """Kraken's plain "Invalid signature" is about the key, not about the venue."""
    venue = KrakenVenue(
        api_url=rig.practice.url,
        key=TRADING_KEY,
        secret=secret_of("somebody else"),
        timeout_s=3,
        rate_limit_ms=1,
        clock=system_clock,
    )
    with pytest.raises(ExchangeAuthenticationError, match="Invalid signature"):
        venue.balances()


def test_maintenance_is_said_and_an_unknown_word_counts_as_it(rig: Rig, venue: KrakenVenue) -> None:
    """Only "online" is open for business."""
    assert venue.status() is VenueStatus.ONLINE
    rig.fault(FaultKind.MAINTENANCE, "cancel_only", None, None)
    assert venue.status() is VenueStatus.CANCEL_ONLY


def test_a_testnet_validates_and_places_nothing(rig: Rig) -> None:
    """With `validate_only` the venue checks the order and gives no id."""
    venue = KrakenVenue(
        api_url=rig.practice.url,
        key=TRADING_KEY,
        secret=secret_of(TRADING_KEY),
        timeout_s=3,
        rate_limit_ms=1,
        clock=system_clock,
        validate_only=True,
    )
    venue.instruments()
    assert venue.send(a_buy("s"), soon()) is None
    assert rig.open_at_exchange() == 0


def test_every_address_leads_to_the_one_given(rig: Rig, venue: KrakenVenue) -> None:
    """With an address of its own the adapter knows no other."""
    for connection in (venue._private, venue._public):
        assert set(connection.exchange.urls["api"].values()) == {rig.practice.url}


def test_a_pace_lets_a_burst_through_and_then_holds_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five at once, then one for each refill."""
    slept: list[float] = []
    monkeypatch.setattr("trading.venues.pace.time.sleep", slept.append)
    monkeypatch.setattr("trading.venues.pace.time.monotonic", lambda: 100.0)
    pace = Pace(refill_s=2.0, burst=5)
    for _ in range(7):
        pace.wait()
    assert slept == [2.0, 4.0]
