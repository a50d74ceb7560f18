"""Limits, orders, checks and previews, as lists."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.block_limits import split
from bot.view import as_dicts, check, fitted
from bot.views.help import WORDS, help_text
from bot.views.look import checks, limits, orders, preview
from bot.views.replies import not_understood, sentence
from tests.bot.views.given import LIMIT, NOON
from tests.bot.views.reading import said
from trading.health import Check, HealthReport, Verdict
from trading.order import OrderState, Side
from trading.session import SessionPlan, Stage
from trading.wire import OpenOrder

ORDER = OpenOrder(True, "OABC-1", "BTC/USD", Side.BUY, Decimal("0.0010"), Decimal(0), OrderState.OPEN)


def test_foreign_orders_stand_out() -> None:
    """An order that is not ours blocks a start, so it must be seen."""
    view = orders([ORDER, replace(ORDER, ours=False, venue_order_id="OXYZ-9")])

    check(view)
    assert view.text == "2 open orders at the venue"
    assert "ours BTC/USD buy 0.001 at the market price, filled 0, `OABC-1`" in said(view)
    assert "*foreign* BTC/USD" in said(view)


def test_an_order_is_listed_with_its_limit_price() -> None:
    """Whoever cancels by hand looks for it; and one order is no orders."""
    view = orders([replace(ORDER, price=Decimal("61500.50"))])

    assert view.text == "1 open order at the venue"
    assert "buy 0.001 at 61500.5 USD" in said(view)


def test_however_many_orders_there_are_each_is_listed() -> None:
    """Two hundred are more than one section or one message takes; none is cut off, and no line divided."""
    found = [replace(ORDER, venue_order_id=f"O{number:05}-ABCDEF-GHIJKL") for number in range(200)]
    pages = split(as_dicts(orders(found).blocks))

    assert [fitted("orders", page).breaches for page in pages] == [()] * len(pages)
    sections = [block["text"]["text"] for page in pages for block in page if block["type"] == "section"]
    lines = "\n".join(sections).splitlines()
    assert [line.split("`")[1] for line in lines] == [order.venue_order_id for order in found]


def test_no_orders_is_the_venues_word() -> None:
    """An empty list says who says so."""
    view = orders([])

    check(view)
    assert "The venue lists none." in said(view)


def test_limits_that_cannot_be_read_are_not_missing_limits() -> None:
    """No limit shown is not no limit."""
    view = limits([])

    check(view)
    assert "No limit can be read." in said(view)
    assert "61.25 of 500" in said(limits([LIMIT]))


def test_a_failed_check_says_what_to_do() -> None:
    """Advice stands beside what is wrong, and the verdict in the title."""
    found = (
        Check("clock", Verdict.PASSED, "0.1 s off", 3, "never shown"),
        Check("key", Verdict.FAILED, "may withdraw", 9, "Take that right away."),
    )
    view = checks("Readiness for live", HealthReport.of(found))

    check(view)
    assert view.text == "Readiness for live: FAILED"
    assert "❌ key: may withdraw _Take that right away._" in said(view)
    assert "never shown" not in said(view)


def test_what_several_checks_found_alike_is_said_once() -> None:
    """A venue that is down fails five checks with one sentence; what passed keeps its own line."""
    down = Check("venue", Verdict.FAILED, "it answers 502", 1, "Wait.")
    found = (
        Check("books", Verdict.PASSED, "none", 1),
        down,
        replace(down, name="key rights"),
        Check("foreign orders", Verdict.PASSED, "none", 1),
        replace(down, name="disk", detail="full"),
    )

    lines = said(checks("Readiness", HealthReport.of(found))).splitlines()[1:]
    assert lines == [
        "❌ venue, key rights: it answers 502 _Wait._",
        "❌ disk: full _Wait._",
        "✅ books: none",
        "✅ foreign orders: none",
    ]


def test_a_preview_says_that_nothing_is_sent() -> None:
    """The title is the promise."""
    plan = SessionPlan(Stage.LIVE, "kraken", "ma_crossover", "BTC/USD", "1m", Decimal(100))
    view = preview(plan, "buy 0.001 BTC")

    check(view)
    assert view.text == "Preview of ma_crossover on BTC/USD, sent nowhere"


def test_help_lists_every_word_or_the_one_asked_for() -> None:
    """A word it does not know is named, and gets the whole list."""
    check(help_text())
    assert said(help_text("nonsense")) == (
        f"“nonsense” is no word that I know. This is what there is:\n{said(help_text())}"
    )
    assert said(help_text("stop")).startswith("`/peak stop")
    for usage, _ in WORDS.values():
        assert usage.split()[1 if usage.startswith("/peak ") else 0] in said(help_text())


def test_a_word_it_does_not_know_gets_the_nearest() -> None:
    """Nothing was done, and this is what may have been meant."""
    assert "“staus”, so nothing was done. Did you mean /peak status?" in said(
        not_understood("staus", ["status"])
    )
    assert "/peak help lists every word" in said(not_understood("xyzzy", []))


def test_a_sentence_of_any_length_is_taken_by_slack() -> None:
    """Errors of venues have no limit of their own."""
    check(sentence("x" * 20_000))
    check(sentence("漢" * 20_000))


def test_a_moment_that_is_given_twice_is_told_once() -> None:
    """A request that expired was decided in that very moment: the hour stands there once in each clock."""
    view = sentence("It expired at 12:00 UTC.", NOON, NOON + timedelta(seconds=3))

    assert said(view).count("(12:00 UTC)") == 1
    assert said(view).endswith("(12:00 UTC).")
