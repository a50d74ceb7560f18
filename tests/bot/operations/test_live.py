"""Asking for a live session, and starting it: once, by two people, and only what was approved."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from approvals.person import Person
from approvals.request import ExecutionState, RequestState, VoteWord
from approvals.rows import REQUEST
from bot.operations.desk import Desk, Refused
from bot.operations.filing import Asked
from bot.operations.live import Launched
from bot.views.live_form import CHECKLIST
from tests.approvals.desk import INA, OLIVIA, OTTO, RITA, SAM, a_person, a_policy, a_rule, roster_with
from tests.bot.operations.rig import ANSWERS, BTC, ETH, Rig, at_once, refusal
from tests.trading.given import the_limits
from trading.health import Check, Verdict
from trading.session import SessionPlan, SessionState


def test_good_answers_become_a_plan(rig: Rig) -> None:
    """With the parameters of the configuration and the amount as an exact number."""
    plan = rig.asking.plan(ANSWERS)

    assert isinstance(plan, SessionPlan)
    assert plan.notional_max == Decimal(100)
    assert plan.parameters == (("fast", "5"), ("slow", "20"))
    assert plan.exchange == "kraken"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        *[
            ({"notional": text}, "notional")
            for text in ("1e999", "-0", "NaN", "inf", "", "0", "0.5", "100.01", "1,000", "-5", "٣", "hundred")
        ],
        ({"strategy": "martingale"}, "strategy"),
        ({"strategy": ""}, "strategy"),
        ({"symbol": "DOGE/USD"}, "symbol"),
        ({"symbol": "btc/usd"}, "symbol"),
        ({"timeframe": "7m"}, "timeframe"),
        ({"reason": "  \n"}, "reason"),
        ({"reason": "\u200b\u202e"}, "reason"),
        ({"ticked": tuple(CHECKLIST)[1:]}, "checklist"),
        ({"ticked": ("everything",)}, "checklist"),
    ],
)
def test_each_wrong_answer_has_its_own_sentence(rig: Rig, wrong: dict[str, Any], field: str) -> None:
    """Only the field that is wrong is marked, and nothing is stored."""
    outcome = rig.asking.plan(replace(ANSWERS, **wrong))

    assert isinstance(outcome, Refused)
    assert list(outcome.fields) == [field]
    assert outcome.fields[field].endswith(".")
    assert rig.recorded() == []


def test_asking_files_the_request_with_its_card_and_its_record(rig: Rig) -> None:
    """The asker's own yes is in it; nothing has started."""
    request = rig.asked()

    assert request.state is RequestState.PENDING
    assert request.payload["shown"]["preview"] == "buy 0.001 of BTC/USD"
    assert [vote.person for vote in rig.read(lambda tx: tx.requests.votes(request.id))] == [OTTO.id]
    assert rig.cards() == [f"request:{request.id}"]
    assert rig.recorded() == ["request.created"]
    assert rig.sessions() == []


@pytest.mark.parametrize(("person", "sentence"), [(SAM, "you hold no role"), (INA, "not active")])
def test_whoever_may_not_ask_is_told_why(rig: Rig, person: Person, sentence: str) -> None:
    """No role, no longer active: refused before anything is tried."""
    assert sentence in refusal(rig.asks(by=person))
    assert rig.rehearsing.asked == 0
    assert rig.cards() == []


def test_only_the_roles_of_the_policy_may_ask(rig: Rig) -> None:
    """A policy that lets owners ask refuses an operator, by the role's name."""
    rig.with_policy(a_policy(a_rule(ask=["owner"])))

    assert "it takes owner" in refusal(rig.asks(by=OTTO))


def test_a_halted_desk_takes_no_request(rig: Rig) -> None:
    """First the halt has to be cleared."""
    rig.halted()

    assert "Everything is halted" in refusal(rig.asks())
    assert rig.cards() == []


def test_a_failed_check_files_nothing_and_is_named(rig: Rig) -> None:
    """The person learns which check, and what to type for the rest."""
    rig.rehearsing.checks = (Check("key", Verdict.FAILED, "may withdraw", 1),)

    told = refusal(rig.asks())

    assert "key: may withdraw" in told
    assert "/peak readiness live" in told
    assert rig.recorded() == []


def test_no_check_at_all_is_not_a_pass(rig: Rig) -> None:
    """Unknown means no."""
    rig.rehearsing.checks = ()
    assert "Readiness failed" in refusal(rig.asks())


def test_a_form_that_is_delivered_again_files_one_request(rig: Rig) -> None:
    """The second delivery gets the first one's request, and nothing is rehearsed again."""
    first = rig.asked(cause="view:V1:h")
    again = rig.asked(cause="view:V1:h")

    assert again.id == first.id
    assert rig.rehearsing.asked == 1
    assert rig.recorded() == ["request.created"]


def test_a_late_repeat_is_no_refusal(rig: Rig) -> None:
    """Even when the session of that request runs by now."""
    rig.live_session(cause="view:V1:h")
    assert isinstance(rig.asks(cause="view:V1:h"), Asked)


def test_one_form_delivered_ten_times_at_once_files_one_request(rig_on_both: Rig) -> None:
    """Whoever is first; the others get the same."""
    rig = rig_on_both
    outcomes = at_once([lambda: rig.asks(cause="view:V1:h") for _ in range(10)])

    assert len({outcome.request.id for outcome in outcomes if isinstance(outcome, Asked)}) == 1
    assert all(isinstance(outcome, Asked) for outcome in outcomes)
    assert rig.recorded() == ["request.created"]


def test_one_request_waits_for_an_account_and_symbol(rig: Rig) -> None:
    """The second is told the name of the first; another symbol is another request."""
    first = rig.asked(cause="a")

    told = refusal(rig.asks(by=RITA, cause="b"))
    assert f"asked by Otto already (“{first.name}”) and waits for an answer until 12:15 UTC" in told
    assert isinstance(rig.asks(by=RITA, cause="c", symbol=ETH), Asked)


def test_five_requests_an_hour_are_enough(rig: Rig) -> None:
    """The sixth is refused until the first is an hour old."""
    for number in range(5):
        rig.answers(rig.asked(cause=str(number)).id, word=VoteWord.NO)
        rig.clock.passes(minutes=1)

    assert "5 approvals within the hour" in refusal(rig.asks(cause="sixth"))
    rig.clock.passes(minutes=56)
    assert isinstance(rig.asks(cause="sixth"), Asked)


def test_what_is_known_to_be_refused_is_refused_before_the_form(rig: Rig) -> None:
    """With the one symbol it is about, when that was typed; and nothing is rehearsed for it."""
    request = rig.asked(cause="a")

    early = rig.asking.refused_early(RITA, BTC)
    assert early is not None
    assert (request.name in early.sentence, early.moments) == (True, (request.expires_at,))
    assert rig.asking.refused_early(RITA, ETH) is None
    assert rig.asking.refused_early(RITA, "") is None
    rig.answers(request.id, word=VoteWord.NO)
    session = rig.live_session(cause="b")
    assert session.id in refusal(rig.asking.refused_early(RITA, BTC))
    for number in range(3):
        rig.answers(rig.asked(cause=str(number), symbol=ETH).id, word=VoteWord.NO)
    assert "You have asked for 5 approvals" in refusal(rig.asking.refused_early(OTTO, ""))
    assert rig.asking.refused_early(RITA, "") is None


def test_an_overdue_request_makes_room_and_its_card_is_redrawn(rig: Rig) -> None:
    """Nobody has to tidy up first."""
    first = rig.asked(cause="a")
    rig.clock.passes(minutes=16)
    rig.asked(cause="b")

    assert rig.request(first.id).state is RequestState.EXPIRED
    assert f"request:{first.id}" in rig.cards()
    assert rig.recorded() == ["request.created", "request.created", "request.decided"]


def test_a_symbol_that_is_live_cannot_be_asked_for(rig: Rig) -> None:
    """One live session an account and symbol."""
    session = rig.live_session(cause="a")

    assert session.id in refusal(rig.asks(cause="b"))


def test_an_approved_request_becomes_a_session(rig: Rig) -> None:
    """Claim, grant, session and record in one step; then the supervisor is woken."""
    request = rig.approved()
    launched = rig.goes_live(request.id)

    assert isinstance(launched, Launched)
    assert launched.session.state is SessionState.STARTING
    assert launched.session.request_id == request.id
    assert [session.id for session in rig.sessions()] == [launched.session.id]
    assert rig.request(request.id).execution is ExecutionState.CLAIMED
    with rig.storage.transaction() as tx:
        assert not tx.grants.spend(tx.grants.of_request(request.id).id, tx.now)
    assert rig.recorded()[-2:] == ["request.execution", "session.requested"]
    assert rig.woken == 1


def _unapproved(rig: Rig) -> str:
    return rig.asked().id


def _rejected(rig: Rig) -> str:
    request = rig.asked()
    rig.answers(request.id, word=VoteWord.NO)
    return request.id


def _too_late(rig: Rig) -> str:
    request = rig.approved()
    rig.clock.passes(minutes=10)
    return request.id


def _halted(rig: Rig) -> str:
    request = rig.approved()
    rig.halted()
    return request.id


def _altered(rig: Rig) -> str:
    request = rig.approved()
    text = request.payload_text.replace('"first small run"', '"x"').replace("BTC/USD", "ETH/USD")
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(update(REQUEST).values(payload_text=text))
    return request.id


def _approver_gone(rig: Rig) -> str:
    request = rig.approved()
    lesser = replace(OLIVIA, roles=frozenset())
    changed = replace(rig.desk, roster=roster_with(lesser))
    rig.desk = changed
    return request.id


def _not_a_start(rig: Rig) -> str:
    rig.halted()
    rig.clock.passes(minutes=6)
    request = rig.rearm_asked().request
    rig.answers(request.id)
    return str(request.id)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (_unapproved, "is pending, not approved"),
        (_rejected, "is rejected, not approved"),
        (_too_late, "was good until"),
        (_halted, "Everything is halted"),
        (_altered, "no longer what was approved"),
        (_approver_gone, "roster"),
        (_not_a_start, "not for a live session"),
        (lambda rig: "req-unknown", "There is no approval request req-unknown"),
    ],
)
def test_what_is_not_approved_any_more_starts_nothing(
    rig: Rig, given: Callable[[Rig], str], sentence: str
) -> None:
    """Whatever stands in the way is said, no session comes of it, and nobody is woken."""
    request_id = given(rig)

    assert sentence in refusal(rig.goes_live(request_id))
    assert rig.sessions() == []
    assert rig.woken == 0


@pytest.mark.parametrize("person", [OLIVIA, RITA, SAM])
def test_only_who_asked_can_press(rig: Rig, person: Person) -> None:
    """So that both are present when it starts."""
    request = rig.approved()

    assert "Only Otto" in refusal(rig.goes_live(request.id, by=person))
    assert rig.sessions() == []


def test_a_second_press_starts_nothing_more(rig: Rig) -> None:
    """One approval, one start."""
    request = rig.approved()
    rig.goes_live(request.id)

    assert "one start is all it gives" in refusal(rig.goes_live(request.id))
    assert len(rig.sessions()) == 1
    assert rig.woken == 1


def test_ten_presses_at_once_start_one_session(rig_on_both: Rig) -> None:
    """Nine learn that it was done already."""
    rig = rig_on_both
    request = rig.approved()

    outcomes = at_once([lambda: rig.goes_live(request.id) for _ in range(10)])

    assert sum(isinstance(outcome, Launched) for outcome in outcomes) == 1
    assert sum("one start is all it gives" in refusal(o) for o in outcomes if isinstance(o, Refused)) == 9
    assert len(rig.sessions()) == 1


def test_two_approvals_of_one_symbol_start_one_session(rig_on_both: Rig) -> None:
    """Asked one after the other, pressed in the same moment."""
    rig = rig_on_both
    first, second = rig.approved(cause="a"), rig.approved(cause="b", by=RITA)

    outcomes = at_once([lambda: rig.goes_live(first.id), lambda: rig.goes_live(second.id, by=RITA)])

    assert sum(isinstance(outcome, Launched) for outcome in outcomes) == 1
    assert any("has a live session already" in refusal(o) for o in outcomes if isinstance(o, Refused))
    assert len(rig.sessions()) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"limits": the_limits(max_order_notional=Decimal(99))}, "limits.max_order_notional: 100 → 99"),
        ({"venue_url": "https://api.kraken.com"}, "venue_url"),
        ({"code_version": "0.1.0+def"}, "code_version: 0.1.0+abc → 0.1.0+def"),
        ({"roster": roster_with(a_person("Sam", "T1/U3 T1/U9"))}, "roster"),
        ({"policy": a_policy(a_rule(grant_s=599))}, "policy"),
        ({"strategies": ()}, "strategy_source"),
    ],
)
def test_a_change_after_the_approval_voids_it(rig: Rig, change: dict[str, Any], named: str) -> None:
    """What would run is no longer what was shown: the difference is told, field by field."""
    request = rig.approved()
    rig.desk = replace(rig.desk, **change)

    told = refusal(rig.goes_live(request.id))

    assert named in told
    after = rig.request(request.id)
    assert after.execution is ExecutionState.VOID
    assert named in after.outcome
    assert rig.recorded()[-1] == "request.execution"
    assert rig.sessions() == []


def test_a_void_approval_stays_void(rig: Rig) -> None:
    """Changing back does not bring it to life again."""
    request = rig.approved()
    before: Desk = rig.desk
    rig.desk = replace(before, code_version="another")
    rig.goes_live(request.id)
    rig.desk = before

    assert isinstance(rig.goes_live(request.id), Refused)
    assert rig.sessions() == []


def test_the_shown_evidence_is_not_compared_again(rig: Rig) -> None:
    """Prices move between asking and starting; that alone voids nothing."""
    request = rig.approved()
    rig.rehearsing.checks = (Check("clock", Verdict.WARNED, "1.9 s off", 1),)

    assert isinstance(rig.goes_live(request.id), Launched)


def test_nothing_starts_on_a_gateway_with_other_settings(rig: Rig) -> None:
    """The limits on the card are those of the gateway, or nothing is started and the approval stays."""
    request = rig.approved()
    rig.gateway_settings = "0" * 64
    refused = rig.goes_live(request.id)
    assert isinstance(refused, Refused)
    assert "other limits than those on the card" in refused.sentence
    rig.gateway_settings = rig.desk.settings_digest
    assert isinstance(rig.goes_live(request.id), Launched)


def test_nothing_starts_while_somebody_else_gets_our_clicks(rig: Rig) -> None:
    """Slack counts a stranger's link: the approval stays, and is good again once we are alone."""
    request = rig.approved()
    rig.is_alone = False
    refused = rig.goes_live(request.id)
    assert isinstance(refused, Refused)
    assert "Somebody else is connected with our tokens" in refused.sentence
    rig.is_alone = True
    assert isinstance(rig.goes_live(request.id), Launched)
