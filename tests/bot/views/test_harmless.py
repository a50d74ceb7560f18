"""Whatever people, venues and files write, no card does more than show it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.summaries import RequestCard, StatusSummary
from bot.view import View
from bot.views import (
    alerts,
    answer_form,
    halt,
    health,
    home,
    live_form,
    look,
    notices,
    replies,
    requests,
    sessions,
    status,
)
from tests.bot.views.given import (
    ALERT,
    APPROVED,
    HALT,
    HALTED,
    HEALTH,
    LIMIT,
    OUTCOME,
    PENDING,
    REQUEST,
    SESSION,
    SOON,
    STATUS,
    filled,
)
from tests.bot.views.reading import assert_harmless, assert_only_shown
from trading.health import Check, HealthReport, Verdict
from trading.order import OrderState, Side
from trading.session import SessionPlan, Stage
from trading.wire import OpenOrder

ORDER = OpenOrder(False, "OABC-1", "BTC/USD", Side.BUY, SESSION.position, SESSION.fees, OrderState.OPEN)
PLAN = SessionPlan(Stage.LIVE, "kraken", "ma_crossover", "BTC/USD", "1m", SESSION.notional_max)
REPORT = HealthReport(Verdict.FAILED, (Check("disk", Verdict.FAILED, "only 1% free", 3, "Free some room."),))
FORM = live_form.LiveForm(("ma_crossover",), ("BTC/USD",), (LIMIT,), "USD", "kraken", practice=True)
ORDER_FACTS = {"side": "buy", "quantity": "0.001", "symbol": "BTC/USD", "venue_order_id": "OABC-1"}
FILL_FACTS = {**ORDER_FACTS, "price": "64000", "fee": "0.16", "fee_currency": "USD"}
REJECTED = replace(REQUEST, state="rejected", no=(("Olivia", SOON, "too large"),), decided_at=SOON)
CLEARING = replace(REQUEST, action="rearm", payload={}, evidence={"orders": "none", "held": "0.1 BTC"})
ENDED = replace(APPROVED, execution="failed", outcome="the session did not start: no key")
TAKEN = replace(ALERT, acknowledged_by="Rita", acknowledged_at=SOON, times=4)
UNPROVEN = replace(OUTCOME, proven=False, detail="the venue did not answer")
WAITING = replace(HALT, outcomes=(UNPROVEN,), waiting_for=("kraken",))
FULL = replace(
    STATUS,
    halt=HALTED,
    sessions=tuple(replace(SESSION, id=f"live-{number}") for number in range(30)),
    pending_approvals=(PENDING,) * 15,
    limits=(LIMIT,) * 5,
)


def _approval(card: RequestCard, text: str) -> View:
    form = answer_form.approve_form(filled(card, text), "C1", practice=True)
    return View("form", form.blocks or [])


def _home(summary: StatusSummary) -> View:
    return View("home", home.home(summary).blocks or [])


VIEWS: dict[str, Callable[[str], View]] = {
    "a running session": lambda text: sessions.session_card(filled(SESSION, text)),
    "a failed session": lambda text: sessions.session_card(
        filled(replace(SESSION, state="failed", state_reason="gone"), text)
    ),
    "a stopped session": lambda text: sessions.session_card(
        filled(replace(SESSION, state="stopped", proof="0 open orders"), text)
    ),
    "a stop": lambda text: sessions.stop_reply(filled(replace(SESSION, state="stopped", proof="p"), text)),
    "an order": lambda text: sessions.order_line(filled(ORDER_FACTS, text)),
    "a fill": lambda text: sessions.fill_line(filled(FILL_FACTS, text)),
    "a request": lambda text: requests.request_card(filled(REQUEST, text)),
    "an approved request": lambda text: requests.request_card(filled(APPROVED, text)),
    "a rejected request": lambda text: requests.request_card(filled(REJECTED, text)),
    "a carried out request": lambda text: requests.request_card(filled(ENDED, text)),
    "a request that waits for somebody": lambda text: notices.waiting_notice(filled(REQUEST, text)),
    "a reminder": lambda text: notices.reminder_notice(filled(REQUEST, text), SOON - REQUEST.created_at),
    "a line of a vote": lambda text: notices.vote_line(filled(REQUEST, text), text, "no", "totp", text),
    "a request by night": lambda text: requests.request_card(
        filled(replace(REQUEST, asleep=("Olivia (03:12 in Europe/Berlin)",)), text)
    ),
    "an approval": lambda text: notices.outcome_notice(filled(APPROVED, text)),
    "a rejection": lambda text: notices.outcome_notice(filled(REJECTED, text)),
    "an expiry": lambda text: notices.outcome_notice(filled(replace(REQUEST, state="expired"), text)),
    "the form of an approval": lambda text: _approval(REQUEST, text),
    "the form that ends a halt": lambda text: _approval(CLEARING, text),
    "requests that wait": lambda text: requests.waiting_list([filled(PENDING, text)] * 25),
    "an alert": lambda text: alerts.alert_card(filled(ALERT, text)),
    "an acknowledged alert": lambda text: alerts.alert_card(filled(TAKEN, text)),
    "a halt": lambda text: halt.halt_card(filled(HALT, text)),
    "a halt without proof": lambda text: halt.halt_card(filled(WAITING, text)),
    "a report": lambda text: health.health_report(filled(HEALTH, text)),
    "the status": lambda text: status.status(filled(STATUS, text)),
    "a full status": lambda text: status.status(filled(FULL, text)),
    "the panel": lambda text: status.panel(filled(FULL, text)),
    "the Home tab": lambda text: _home(filled(FULL, text)),
    "limits": lambda text: look.limits([filled(LIMIT, text)] * 5),
    "orders": lambda text: look.orders([filled(ORDER, text)] * 20),
    "checks": lambda text: look.checks("Readiness", filled(REPORT, text)),
    "a preview": lambda text: look.preview(filled(PLAN, text), text),
    "a sentence": lambda text: replies.sentence(f"It is {text}."),
    "a word nobody knows": lambda text: replies.not_understood(text, (text,)),
}

ATTACKS = (
    "<!channel> <@U0OTTO000> <#C0OPS0000|ops> <https://evil.example|click>",
    "*bold* _slanted_ ~gone~ `code` ```block``` >>> quote",
    "&gt; &lt;!here&gt; & && &amp;lt;",
    "first\nsecond\r\n\u2028third\x0bfourth\n> *Approved by Olivia*",
    "\u202eevil\u2066 \u200b\u200d\ufeff\x00\x1b[31m",
    "https://evil.example @here #general mail@evil.example evil.example",
    "\u200b",
    "&" * 4_000,
    "漢" * 4_000,
    "🚨" * 4_000,
    "`*_~" * 1_000,
)
HOSTILE = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(alphabet="<>&@#!*_~`|:/. \n\r\t\u202e\u2028abAB😀/", max_size=400),
    st.text(max_size=200),
)


@pytest.mark.parametrize("name", VIEWS)
def test_an_attack_in_every_field_stays_text(name: str) -> None:
    """Mentions, links, marks, line breaks, invisible letters and sheer length: shown, not obeyed."""
    tame = VIEWS[name]("word")
    for text in ATTACKS:
        assert_harmless(VIEWS[name](text), tame)


@given(HOSTILE, st.sampled_from(sorted(VIEWS)))
@example("/", "a fill")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_does_more_than_show(text: str, name: str) -> None:
    """The same for texts that nobody thought of."""
    assert_harmless(VIEWS[name](text), VIEWS[name]("word"))


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_the_form_only_shows_what_it_is_given(text: str) -> None:
    """Names out of the configuration are text in the form too, and fit into it."""
    form = live_form.live_form(filled(FORM, text[:75] or "x"))
    tame = live_form.live_form(FORM)

    assert_only_shown(View("form", form.blocks or []), View("form", tame.blocks or []))
    assert len(form.to_dict()["blocks"]) == len(tame.to_dict()["blocks"])


@pytest.mark.parametrize("text", ATTACKS)
def test_a_stranger_sees_only_the_sentence(text: str) -> None:
    """The Home tab of somebody else is one text, taken literally."""
    assert_harmless(View("home", home.home_refused(f"No: {text}").blocks or []), replies.sentence("No."))
