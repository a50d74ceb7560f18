"""The desk in one look: it may say unknown, and never says less than is so."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.refusals import NOTHING_DONE, SENTENCES, Unheard
from bot.summaries import Allowed, LimitUse, StatusSummary
from bot.view import as_dicts, check
from bot.views.home import home, home_refused, home_tab
from bot.views.requests import APPROVE, REJECT, request_card
from bot.views.sessions import HALT, STOP, halt_button
from bot.views.status import ASK_TO_CLEAR, HEALTH_NOW, START_LIVE, limit_line, panel, status
from bot.views.wording import limit_words, with_limit_words
from tests.bot.views.given import CARD_URL, HALTED, LIMIT, NOON, PENDING, REQUEST, SESSION, STATUS
from tests.bot.views.reading import buttons, said
from trading.limits import LIMIT_NAMES


def text(summary: StatusSummary) -> str:
    """All that the status says, once Slack would take it."""
    view = status(summary)
    check(view)
    check(panel(summary))
    return said(view)


def test_a_running_session_is_counted_and_listed() -> None:
    """How many are live, what each holds, and a button to stop it."""
    shown = text(STATUS)

    assert "🟢 1 live" in shown
    assert (
        "*BTC/USD* ma_crossover live *running* · holds 0.0012 BTC · PnL +1.50 USD · 1 open order ·" in shown
    )
    assert STOP in buttons(status(STATUS).blocks)


def test_a_halt_stands_above_everything() -> None:
    """Who, when, why, and the way back."""
    shown = text(replace(STATUS, halt=HALTED))

    assert shown.startswith("🛑 HALTED")
    assert "*Halted* by Sam" in shown
    assert "price feed looks wrong" in shown


def test_a_halt_without_open_sessions_does_not_read_as_flat() -> None:
    """Sessions end with a halt, positions do not."""
    held = (("BTC", Decimal("0.0015")), ("ETH", Decimal(2)))
    shown = text(replace(STATUS, halt=HALTED, sessions=(), held=held))

    assert "*STILL HOLDING 0.0015 BTC, 2 ETH* by our books" in shown
    assert "/peak live start" not in shown


def test_a_stopped_session_leaves_what_it_holds_in_the_status() -> None:
    """Nothing open is not the same as flat."""
    shown = text(replace(STATUS, sessions=(), held=(("BTC", Decimal("0.0015")),)))

    assert "STILL HOLDING 0.0015 BTC" in shown


def test_every_stop_asks_first() -> None:
    """In the status and on the Home tab as on the card; what stops or halts is never green."""
    rows = [block for block in as_dicts(status(STATUS).blocks) if block.get("accessory")]
    assert [row["accessory"]["confirm"]["style"] for row in rows] == ["danger"]
    assert halt_button().to_dict()["confirm"]["style"] == "danger"


@pytest.mark.parametrize("state", ["paused", "stopping", "unknown", "starting"])
def test_a_session_that_is_not_over_does_not_read_as_nothing(state: str) -> None:
    """A paused session may hold a position; an unknown one may hold orders."""
    shown = text(replace(STATUS, sessions=(replace(SESSION, state=state),)))

    assert "Nothing is live" not in shown
    assert f"Nothing is running, 1 {state}" in shown


def test_a_silent_session_is_not_called_live() -> None:
    """Green means heard of; the status says since when it is not."""
    shown = text(replace(STATUS, sessions=(SESSION, replace(SESSION, id="live-2", silent_since=NOON))))

    assert "🟢 1 live, 1 silent" in shown
    assert "⚠️ *BTC/USD* ma_crossover live *running, no sign of life since" in shown


def test_an_idle_desk_says_how_to_start() -> None:
    """Empty lists are sentences."""
    idle = StatusSummary(STATUS.halt, (), (), (), (), True, STATUS.at, allowed=STATUS.allowed)
    shown = text(idle)

    assert "⚪ Nothing is live" in shown
    assert "No session is open. `/peak live start` asks for one." in shown
    assert "/peak live start" not in text(replace(idle, allowed=Allowed()))
    assert "no gateway" in shown


def test_more_than_fits_is_counted() -> None:
    """Fifty sessions and thirty requests fit into one message, the rest as a number."""
    many = tuple(replace(SESSION, id=f"live-{number}") for number in range(50))
    shown = text(replace(STATUS, sessions=many, pending_approvals=(PENDING,) * 30, limits=(LIMIT,) * 5))

    assert "… and 30 more sessions" in shown
    assert "… and 22 more: `/peak approvals`" in shown
    assert "🟢 50 live" in shown


@pytest.mark.parametrize(
    ("use", "line"),
    [
        (LIMIT, "Exposure of one symbol: 61.25 of 500 USD (12%)"),
        (replace(LIMIT, used=None), "Exposure of one symbol: use unknown of 500 USD"),
        (replace(LIMIT, used=Decimal("NaN")), "Exposure of one symbol: use unknown of 500 USD"),
        (replace(LIMIT, used=Decimal(0)), "Exposure of one symbol: 0 of 500 USD (0%)"),
        (replace(LIMIT, used=Decimal("1e40")), "of 500"),
        (replace(LIMIT, used=Decimal("200.24534071")), "200.25 of 500"),
        (
            LimitUse("max_daily_loss_pct", Decimal("2.5"), Decimal("2.4"), "%"),
            "lost in the day: 2.40 %, at most 2.50 %",
        ),
        (LimitUse("max_daily_loss_pct", Decimal(5), Decimal("0.001"), "%"), "in the day: 0 %, at most 5 %"),
        (replace(LIMIT, used=Decimal("89.1")), "89.10 of 500 USD"),
        (replace(LIMIT, limit=Decimal(12500), used=Decimal("-0.001")), "0 of 12,500 USD"),
        (replace(LIMIT, name="max_order_notional", used=Decimal(0)), "One order: at most 500 USD"),
        (replace(LIMIT, name="max_order_notional"), "at most 500 USD, the largest open one 61.25"),
    ],
)
def test_a_limit_shows_its_use_and_share(use: LimitUse, line: str) -> None:
    """What cannot be known is called unknown, never nought; no key of a file, and two decimals."""
    assert line in limit_line(use)


def test_every_limit_has_words_of_its_own() -> None:
    """On cards and in an alert's detail nobody reads a key of config.toml."""
    words = {limit_words(name) for name in LIMIT_NAMES}

    assert len(words - set(LIMIT_NAMES)) == len(LIMIT_NAMES)
    told = with_limit_words("max_daily_loss_abs exceeded (51.20 >= 50)")
    assert told == "“loss of the day” exceeded (51.20 >= 50)"


def test_the_panel_offers_what_may_be_done_now() -> None:
    """A halted desk offers no start; the halt is always there."""
    assert buttons(panel(STATUS).blocks)[:3] == [START_LIVE, HEALTH_NOW, HALT]

    halted = buttons(panel(replace(STATUS, halt=HALTED, sessions=())).blocks)
    assert halted == [ASK_TO_CLEAR, HEALTH_NOW, HALT]


def test_who_looks_is_offered_only_what_that_person_may_do() -> None:
    """Somebody without a role may look and halt: no Start, no Stop, no clearing to be refused with."""
    sam = replace(STATUS, allowed=Allowed())

    assert buttons(panel(sam).blocks) == [HEALTH_NOW, HALT]
    assert buttons(panel(replace(sam, halt=HALTED)).blocks) == [HEALTH_NOW, HALT]
    assert buttons(status(sam).blocks) == []


def test_what_waits_leads_to_its_card_and_what_is_approved_waits_no_more() -> None:
    """Each in its own list, with the button that is to be pressed."""
    approved = replace(PENDING, name="blue heron", state="approved", waits_for="Otto can press Go live")
    shown = text(replace(STATUS, pending_approvals=(approved, PENDING)))

    waiting, _, rest = shown.partition("*Waiting for approval*")[2].partition("*Approved, to be carried out*")
    assert f"*<{CARD_URL}|amber falcon>*" in waiting
    assert "blue heron>*" in rest
    assert "Otto can press Go live until" in rest
    assert "blue heron" not in waiting


def test_the_home_tab_carries_the_halt() -> None:
    """Commands do not run in threads, so the Home tab is one of the ways to stop."""
    tab = home(STATUS)
    assert tab.to_dict()["type"] == "home"
    assert HALT in buttons(tab.blocks or [])


def test_the_home_tab_of_a_practice_desk_says_so() -> None:
    """It carries Start, Stop and Halt buttons, so nobody may take it for the real desk."""
    assert (home(STATUS).blocks or [])[0].to_dict()["text"]["text"].startswith("PRACTICE · ")
    real = (home(replace(STATUS, practice=False)).blocks or [])[0]
    assert "PRACTICE" not in str(real.to_dict())


def test_a_stranger_sees_no_figures_on_the_home_tab() -> None:
    """One sentence, no button."""
    tab = home_refused("You are a guest here.")

    assert buttons(tab.blocks or []) == []
    assert "You are a guest here." in str(tab.to_dict())


@pytest.mark.parametrize("reason", Unheard)
def test_who_only_looks_has_not_tried_anything(reason: Unheard) -> None:
    """Opening a tab is no attempt, so nothing is said to have been prevented."""
    shown = str(home_refused(SENTENCES[reason]).to_dict())

    assert NOTHING_DONE in SENTENCES[reason]
    assert "nothing was done" not in shown


def test_the_home_tab_has_the_very_cards_that_wait_for_its_person() -> None:
    """With their buttons, below those of the desk; of many, two whole and the others as lines."""
    waiting = replace(STATUS, cards=(REQUEST,))
    shown = home_tab(waiting)
    check(shown)
    card = as_dicts(request_card(REQUEST).blocks)

    assert str(card)[1:-1] in str(as_dicts(shown.blocks))
    assert buttons(shown.blocks)[:5] == [*buttons(panel(STATUS).blocks)[:3], APPROVE, REJECT]
    many = home_tab(replace(STATUS, cards=tuple(replace(REQUEST, id=f"req-{n}") for n in range(9))))
    check(many)
    assert buttons(many.blocks).count(APPROVE) == 2
    assert "Waiting for approval" not in said(shown)
    assert APPROVE not in buttons(panel(waiting).blocks)
