"""How much of each limit is taken, and when the desk is told."""

import pytest

from tests.trading.given import BTC, QUIET_DAY, D, an_intent, an_order, the_limits
from trading.equity import Daily
from trading.exposure import Exposure
from trading.limits import LIMIT_NAMES, LimitUse, uses
from trading.order import Side


def holding(quantity: str | int) -> Exposure:
    """Give an account that holds this much bitcoin at 100."""
    exposure = Exposure("USD")
    exposure.mark(BTC, D(100))
    exposure.hold(BTC, D(quantity))
    return exposure


def use(name: str, exposure: Exposure, daily: Daily = QUIET_DAY) -> LimitUse:
    """Give the use of one limit."""
    return next(used for used in uses(the_limits(), exposure, daily) if used.name == name)


def test_every_limit_shows_its_use() -> None:
    """All five, in the order of the table."""
    exposure = holding(1)
    exposure.reserve(an_order(an_intent(Side.BUY, "0.5")), D(100))

    listed = uses(the_limits(), exposure, Daily(D(10_000), D(9_900)))

    assert [used.name for used in listed] == list(LIMIT_NAMES)
    assert [used.used for used in listed] == [D(50), D(150), D(150), D(100), D(1)]


def test_a_warning_comes_from_80_percent() -> None:
    """Early enough to act, late enough to matter."""
    assert not use("max_symbol_exposure", holding("2.39")).warns
    assert use("max_symbol_exposure", holding("2.4")).warns


def test_an_unknown_use_warns() -> None:
    """Somebody should look."""
    unpriced = holding(1)
    unpriced.mark(BTC, None)

    assert use("max_total_exposure", unpriced).used is None
    assert use("max_total_exposure", unpriced).warns
    assert use("max_daily_loss_abs", unpriced, Daily(None, None)).warns


def test_a_profit_uses_nothing_of_the_loss() -> None:
    """It is shown as zero, not as minus 600."""
    assert use("max_daily_loss_abs", holding(0), Daily(D(10_000), D(10_600))).used == 0


@pytest.mark.parametrize(("loss", "pages"), [(499, 0), (500, 1), (624, 1), (625, 2), (750, 3), (1_000, 5)])
def test_a_further_page_at_each_25_percent_beyond(loss: int, pages: int) -> None:
    """One when the limit is reached, and again as it gets worse."""
    assert use("max_daily_loss_abs", holding(0), Daily(D(100_000), D(100_000 - loss))).pages == pages
