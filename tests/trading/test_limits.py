"""The five limits, row by row, and what the desk's former system got wrong."""

from decimal import Decimal

import pytest

from tests.trading.given import BTC, ETH, QUIET_DAY, D, an_intent, an_order, the_limits
from trading.equity import Daily
from trading.errors import BadLimit
from trading.exposure import Exposure
from trading.limits import LIMIT_NAMES, Denial, check
from trading.order import Intent, Side

WIDE = the_limits(
    max_order_notional=D(10**6),
    max_symbol_exposure=D(10**6),
    max_total_exposure=D(10**6),
    max_daily_loss_abs=D(10**6),
    max_daily_loss_pct=D(100),
)
BUY, SELL = Side.BUY, Side.SELL


def holding(quantity: str | int, price: str | int = 100) -> Exposure:
    """Give an account that holds this much bitcoin at this mark."""
    exposure = Exposure("USD")
    exposure.mark(BTC, D(price))
    exposure.hold(BTC, D(quantity))
    return exposure


def denied(denial: Denial | None) -> str:
    """Give the name of the limit that said no, an empty text for a yes."""
    return denial.limit if denial else ""


# max_order_notional


def test_an_order_above_its_notional_is_denied_with_both_figures() -> None:
    """The message is the one that the log, the card and the desk know."""
    denial = check(the_limits(), an_intent(BUY, 5), D(100), holding(0), QUIET_DAY)

    assert denial == Denial("max_order_notional", D(500), D(100), "max_order_notional exceeded (500 > 100)")
    assert str(denial) == denial.message


@pytest.mark.parametrize(
    ("quantity", "told"), [("2.0024534071", "200.25 > 200"), ("2.00000001", "200.01 > 200")]
)
def test_a_figure_over_its_limit_has_two_decimals_and_reads_so(quantity: str, told: str) -> None:
    """Rounded up: 200 is not over 200."""
    limits = the_limits(max_order_notional=D(200))
    denial = check(limits, an_intent(BUY, quantity), D(100), holding(0), QUIET_DAY)

    assert denial is not None
    assert told in denial.message


@pytest.mark.parametrize("side", [BUY, SELL])
def test_an_order_of_just_its_notional_passes(side: Side) -> None:
    """The limit itself is allowed; one unit of the last decimal beyond is not."""
    assert check(the_limits(), an_intent(side, 1), D(100), holding(0), QUIET_DAY) is None
    over = check(the_limits(), an_intent(side, "1.00000001"), D(100), holding(0), QUIET_DAY)
    assert denied(over) == "max_order_notional"


def test_a_limit_order_is_judged_at_its_own_price() -> None:
    """Another price than the one it carries is a mistake of the caller, and refused."""
    intent = an_intent(BUY, 1, limit_price="90")

    assert check(the_limits(), intent, D(90), holding(0), QUIET_DAY) is None
    assert denied(check(the_limits(), intent, D(80), holding(0), QUIET_DAY)) == "max_order_notional"


# max_symbol_exposure


def test_open_orders_count_towards_the_symbol() -> None:
    """Two open buys of 100 and a position of 100 leave no room under 300."""
    exposure = holding(1)
    for _ in range(2):
        exposure.reserve(an_order(an_intent(BUY, 1)), D(100))

    assert exposure.symbol_exposure(BTC) == D(300)
    assert (
        denied(check(the_limits(), an_intent(BUY, "0.01"), D(100), exposure, QUIET_DAY))
        == "max_symbol_exposure"
    )


def test_the_symbol_may_be_used_up_exactly() -> None:
    """Equal is allowed."""
    assert check(the_limits(), an_intent(BUY, 1), D(100), holding(2), QUIET_DAY) is None
    assert (
        denied(check(the_limits(), an_intent(BUY, 1), D(100), holding("2.1"), QUIET_DAY))
        == "max_symbol_exposure"
    )


def test_an_open_sell_makes_no_room_for_a_buy() -> None:
    """It may never fill."""
    exposure = holding(3)
    exposure.reserve(an_order(an_intent(SELL, 2)), D(100))

    assert (
        denied(check(the_limits(), an_intent(BUY, "0.5"), D(100), exposure, QUIET_DAY))
        == "max_symbol_exposure"
    )


def test_open_sells_are_tested_on_their_own_side() -> None:
    """Flat, and 3 for sale: the next one is beyond, whatever is being bought."""
    exposure = holding(0)
    for _ in range(3):
        exposure.reserve(an_order(an_intent(SELL, 1)), D(100))
    exposure.reserve(an_order(an_intent(BUY, 1)), D(100))

    assert check(the_limits(), an_intent(BUY, 1), D(100), exposure, QUIET_DAY) is None
    assert (
        denied(check(the_limits(), an_intent(SELL, 1), D(100), exposure, QUIET_DAY)) == "max_symbol_exposure"
    )


# max_total_exposure


def test_all_symbols_together_stay_below_the_total() -> None:
    """Each within its own limit, together beyond."""
    exposure = holding(3)
    exposure.mark(ETH, D(10))
    exposure.hold(ETH, D(-20))

    assert exposure.total == D(500)
    assert denied(check(the_limits(), an_intent(BUY, 1, ETH), D(10), exposure, QUIET_DAY)) == ""
    assert (
        denied(check(the_limits(), an_intent(SELL, 1, ETH), D(10), exposure, QUIET_DAY))
        == "max_total_exposure"
    )
    assert (
        denied(check(the_limits(), an_intent(BUY, 1, "SOL/USD"), D(1), exposure, QUIET_DAY))
        == "max_total_exposure"
    )


def test_other_quotes_are_converted_at_live_rates() -> None:
    """100 euros are more than 100 dollars while the rate says so."""
    exposure = Exposure("USD")
    exposure.mark("BTC/EUR", D(100), rate=D("1.1"))
    intent = an_intent(BUY, 1, "BTC/EUR")

    denial = check(the_limits(), intent, D(100), exposure, QUIET_DAY)

    assert denial is not None
    assert denial.message == "max_order_notional exceeded (110 > 100)"
    exposure.mark("BTC/EUR", D(100), rate=D("0.9"))
    assert check(the_limits(), intent, D(100), exposure, QUIET_DAY) is None


@pytest.mark.parametrize("symbol", ["BTC/EUR", "BTC/USDT", "BTC/USDC"])
def test_no_currency_is_taken_for_another(symbol: str) -> None:
    """Without a rate nothing opens, in a stablecoin neither."""
    exposure = Exposure("USD")
    exposure.mark(symbol, D(100))

    denial = check(WIDE, an_intent(BUY, 1, symbol), D(100), exposure, QUIET_DAY)

    assert denial is not None
    assert "no rate" in denial.message


# max_daily_loss_abs, max_daily_loss_pct


@pytest.mark.parametrize(
    ("equity", "limit"), [("9501", ""), ("9500", "max_daily_loss_abs"), ("9000", "max_daily_loss_abs")]
)
def test_the_daily_loss_denies_once_it_is_reached(equity: str, limit: str) -> None:
    """Here the limit itself is already too much."""
    limits = the_limits(max_daily_loss_pct=D(100))

    assert denied(check(limits, an_intent(BUY, 1), D(100), holding(0), Daily(D(10_000), D(equity)))) == limit


@pytest.mark.parametrize(("equity", "limit"), [("951", ""), ("950", "max_daily_loss_pct")])
def test_the_daily_loss_is_also_counted_in_percent_of_the_mark(equity: str, limit: str) -> None:
    """A small account reaches 5 % long before 500."""
    denial = check(the_limits(), an_intent(BUY, 1), D(100), holding(0), Daily(D(1_000), D(equity)))

    assert denied(denial) == limit
    if denial:
        assert denial.message == "max_daily_loss_pct exceeded (5 >= 5)"


@pytest.mark.parametrize(
    "daily",
    [
        Daily(None, D(1_000)),
        Daily(D(1_000), None),
        Daily(D(1_000), D(1_000), None),
        Daily(Decimal("NaN"), D(1_000)),
        Daily(D(1_000), Decimal("NaN")),
        Daily(D(0), D(1_000)),
    ],
)
def test_a_missing_mark_denies(daily: Daily) -> None:
    """A loss that cannot be counted is not a loss of zero."""
    denial = check(WIDE, an_intent(BUY, 1), D(100), holding(0), daily)

    assert denial is not None
    assert denial.value is None
    assert "cannot be checked" in denial.message


# reducing orders


BROKEN = Daily(None, None)


@pytest.mark.parametrize(("held", "side"), [(4, SELL), (-4, BUY)])
def test_a_reducing_order_passes_every_limit(held: int, side: Side) -> None:
    """Too large, too exposed, over the day's loss, without a mark: getting out is allowed."""
    limits = the_limits(max_order_notional=D(1), max_symbol_exposure=D(1), max_total_exposure=D(1))

    for daily in (BROKEN, Daily(D(1_000), D(1))):
        assert check(limits, an_intent(side, 4), D(100), holding(held), daily) is None


@pytest.mark.parametrize(("held", "side"), [(4, BUY), (-4, SELL), (0, BUY), (0, SELL)])
def test_an_order_that_adds_does_not_reduce(held: int, side: Side) -> None:
    """The side of the position matters, not the side of the order."""
    assert denied(check(WIDE, an_intent(side, 1), D(100), holding(held), BROKEN)) == "max_daily_loss_abs"


def test_what_goes_beyond_the_position_is_an_opening_order() -> None:
    """Selling 5 of 4 opens 1, and that 1 meets the limits."""
    limits = the_limits(max_order_notional=D(99))

    denial = check(limits, an_intent(SELL, 5), D(100), holding(4), QUIET_DAY)

    assert denial is not None
    assert denial.message == "max_order_notional exceeded (100 > 99)"
    assert check(WIDE, an_intent(SELL, 5), D(100), holding(4), QUIET_DAY) is None
    assert denied(check(WIDE, an_intent(SELL, 5), D(100), holding(4), BROKEN)) == "max_daily_loss_abs"


def test_open_reducing_orders_use_the_position_up() -> None:
    """Two stops of 4 each on a position of 4: the second one would open short."""
    exposure = holding(4)
    exposure.reserve(an_order(an_intent(SELL, 3)), D(100))

    assert check(the_limits(), an_intent(SELL, 1), D(100), exposure, BROKEN) is None
    assert denied(check(the_limits(), an_intent(SELL, "1.00000001"), D(100), exposure, BROKEN)) != ""


def test_a_filled_reducing_order_leaves_the_rest_to_reduce() -> None:
    """After 3 of 4 were sold, 1 is left, and no more."""
    exposure = holding(4)
    order = an_order(an_intent(SELL, 3))
    exposure.reserve(order, D(100))
    exposure.release(order.intent.client_order_id)
    exposure.hold(BTC, D(1))

    assert check(the_limits(), an_intent(SELL, 1), D(100), exposure, BROKEN) is None
    assert denied(check(the_limits(), an_intent(SELL, 2), D(100), exposure, BROKEN)) != ""


# unknown means no


@pytest.mark.parametrize("held", [0, 4])
@pytest.mark.parametrize(
    "price", [None, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal(0), Decimal(-1)]
)
def test_an_order_without_a_price_is_denied(price: Decimal | None, held: int) -> None:
    """Also one that reduces: what cannot be read is not sent."""
    assert denied(check(WIDE, an_intent(SELL, 1), price, holding(held), QUIET_DAY)) == "max_order_notional"


@pytest.mark.parametrize("held", [0, 4])
@pytest.mark.parametrize("quantity", ["NaN", "sNaN", "Infinity", "0", "-1"])
def test_an_order_without_a_readable_quantity_is_denied(quantity: str, held: int) -> None:
    """NaN is neither above nor below any limit, so it is asked for by name."""
    assert (
        denied(check(WIDE, an_intent(SELL, quantity), D(100), holding(held), QUIET_DAY))
        == "max_order_notional"
    )


@pytest.mark.parametrize("quantity", ["1e30", "1e999"])
def test_an_absurd_quantity_is_denied(quantity: str) -> None:
    """And breaks nothing on the way."""
    assert (
        denied(check(WIDE, an_intent(BUY, quantity), D(100), holding(0), QUIET_DAY)) == "max_order_notional"
    )


def test_an_unpriced_holding_denies_opening_everywhere() -> None:
    """The total over all symbols is unknown as long as one of them is."""
    exposure = holding(1)
    exposure.hold(ETH, D(1))

    assert denied(check(WIDE, an_intent(BUY, 1, ETH), D(10), exposure, QUIET_DAY)) == "max_symbol_exposure"
    denial = check(WIDE, an_intent(BUY, 1), D(100), exposure, QUIET_DAY)
    assert denial is not None
    assert denial.message == "max_total_exposure cannot be checked: the price of ETH/USD is unknown"
    assert check(WIDE, an_intent(SELL, 1), D(100), exposure, QUIET_DAY) is None


def test_limits_of_another_currency_deny() -> None:
    """Euros are not compared with dollars."""
    assert denied(check(the_limits(currency="EUR"), an_intent(BUY, 1), D(100), holding(0), QUIET_DAY))


@pytest.mark.parametrize("name", LIMIT_NAMES)
@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal(0),
        Decimal(-1),
        100,
        1.5,
        "100",
        None,
        True,
    ],
)
def test_a_limit_that_cannot_be_read_is_refused(name: str, value: object) -> None:
    """It never switches itself off; the error names it."""
    with pytest.raises(BadLimit, match=name):
        the_limits(**{name: value})


@pytest.mark.parametrize("currency", ["", "usd", "U S", None])
def test_limits_name_a_currency(currency: object) -> None:
    """A limit of 100 is of something."""
    with pytest.raises(BadLimit, match="currency"):
        the_limits(currency=currency)


def test_a_percentage_that_can_never_be_reached_is_refused() -> None:
    """More than 100 % would be no limit."""
    with pytest.raises(BadLimit, match="max_daily_loss_pct"):
        the_limits(max_daily_loss_pct=D("100.1"))


# what the former system got wrong


def test_a_profit_of_600_blocks_nothing() -> None:
    """The size of the day's result is not its loss."""
    assert check(the_limits(), an_intent(BUY, 1), D(100), holding(0), Daily(D(10_000), D(10_600))) is None


def test_losses_of_live_positions_count() -> None:
    """Nothing was sold yet, and the equity mark has fallen all the same."""
    denial = check(the_limits(), an_intent(BUY, 1), D(100), holding(1), Daily(D(10_000), D(9_400)))

    assert denied(denial) == "max_daily_loss_abs"


def test_last_weeks_gain_makes_no_room_today() -> None:
    """Only the mark of today's start counts, however much was earned before."""
    rich = Daily(mark=D(50_000), equity=D(49_500))

    assert denied(check(the_limits(), an_intent(BUY, 1), D(100), holding(0), rich)) == "max_daily_loss_abs"


def test_of_five_batches_under_the_cap_only_three_pass() -> None:
    """Each is below every limit on its own; what passed is remembered."""
    exposure = holding(0)
    outcomes = []
    for _ in range(5):
        intent = an_intent(BUY, 1)
        outcomes.append(denied(check(the_limits(), intent, D(100), exposure, QUIET_DAY)))
        if not outcomes[-1]:
            exposure.reserve(an_order(intent), D(100))

    assert outcomes == ["", "", "", "max_symbol_exposure", "max_symbol_exposure"]


def test_a_limit_price_on_a_market_order_counts_for_nothing() -> None:
    """It is judged at the book, as the venue will fill it."""
    intent = Intent("x", "s", BTC, BUY, D(1), limit_price=D(1))

    assert denied(check(the_limits(), intent, D(101), holding(0), QUIET_DAY)) == "max_order_notional"
