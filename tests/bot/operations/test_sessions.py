"""Stopping a session needs nobody else, and is reported as done only with the venue's proof."""

from dataclasses import replace
from decimal import Decimal
from threading import Barrier

import pytest

from approvals.person import Person
from bot.operations.asker import Asker, answered
from bot.operations.desk import Refused
from bot.operations.sessions import StopSession, proof_sentence, summarise
from bot.summaries import SessionSummary
from bot.views.sessions import session_card
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM
from tests.bot.intake import DEADLINE_S, until
from tests.bot.operations.rig import ETH, Rig, at_once, refusal
from tests.bot.views.reading import said
from trading.session import SessionState, TradingSession
from trading.wire import StopProof


def stopping(rig: Rig) -> StopSession:
    """The operation."""
    return StopSession(rig.storage, rig.desk, rig.gateway)


def stop(
    rig: Rig, session: TradingSession, by: Person = RITA, reason: str = "odd fills"
) -> SessionSummary | Refused:
    """Stop a session."""
    (outcome,) = stopping(rig)(by, [session.id], reason, "command:1")
    return outcome


def test_a_stop_ends_the_session_with_the_venues_proof(rig: Rig) -> None:
    """State, proof and what is still held come back in one answer."""
    session = rig.live_session()
    rig.venue.held = {"BTC": Decimal("0.12")}

    outcome = stop(rig, session)

    assert isinstance(outcome, SessionSummary)
    assert outcome.state == "stopped"
    assert outcome.proof == "0 open orders, proven by the venue after 40 ms. STILL HOLDING 0.12 BTC."
    assert rig.cards()[-1] == f"session:{session.id}"
    assert "session.stop" in rig.recorded()


def test_who_stopped_a_session_and_why_stands_with_it(rig: Rig) -> None:
    """On its card for good, and in its thread while the venue is still asked."""
    session = rig.live_session()

    outcome = stop(rig, session)

    assert isinstance(outcome, SessionSummary)
    assert outcome.state_reason == "stopped by Rita: odd fills"
    assert "*Why* stopped by Rita: odd fills" in said(session_card(outcome))
    (line,) = rig.announced()
    assert (line.body["text"], line.target["thread_of"]) == (
        "Rita stops it: odd fills.",
        f"session:{session.id}",
    )


def test_whoever_stops_is_told_before_the_venue_has_answered(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A venue that is down takes a while; the answer with the proof follows."""
    session = rig.live_session()
    told_meanwhile: list[str] = []
    prove = rig.venue.stop_session

    def slowly(session_id: str, reason: str) -> StopProof:
        told_meanwhile.extend(row.body["text"] for row in rig.outgoing("reply"))
        return prove(session_id, reason)

    monkeypatch.setattr(rig.venue, "stop_session", slowly)
    stopping(rig)(RITA, [session.id], "odd fills", "c:1", Asker(RITA.accounts[0], "c:1"))

    assert told_meanwhile == ["Stopping BTC/USD: no new orders from now on. The venue is asked to prove it."]
    with rig.storage.reading() as tx:
        assert not answered(tx, "c:1")


def test_a_stop_without_proof_is_unknown(rig: Rig) -> None:
    """The venue still lists an order: nobody says stopped."""
    session = rig.live_session()
    rig.venue.proven = False

    outcome = stop(rig, session)

    assert isinstance(outcome, SessionSummary)
    assert outcome.state == "unknown"
    assert outcome.proof.startswith("NOT PROVEN after 40 ms: the venue still lists an order")


def test_a_stop_that_no_gateway_carries_out_is_unknown(rig: Rig) -> None:
    """Silence is no proof; the card is drawn anew."""
    session = rig.live_session()
    rig.venue.gone = True

    outcome = stop(rig, session)

    assert isinstance(outcome, SessionSummary)
    assert outcome.state == "unknown"
    assert outcome.state_reason.startswith("stopped by Rita: odd fills; not proven: ")
    assert outcome.proof == ""


def test_an_unknown_session_can_be_stopped_again(rig: Rig) -> None:
    """Until the venue has proven it."""
    session = rig.live_session()
    rig.venue.gone = True
    stop(rig, session)
    rig.venue.gone = False

    outcome = stop(rig, session)

    assert isinstance(outcome, SessionSummary)
    assert outcome.state == "stopped"


@pytest.mark.parametrize("person", [OLIVIA, OTTO, RITA])
def test_any_desk_role_may_stop_alone(rig: Rig, person: Person) -> None:
    """Stopping is easy."""
    assert isinstance(stop(rig, rig.live_session(), by=person), SessionSummary)


def test_who_has_no_role_is_shown_the_halt(rig: Rig) -> None:
    """Sam may stop everything, not one session."""
    session = rig.live_session()

    assert "/peak-kill" in refusal(stop(rig, session, by=SAM))
    assert rig.venue.stopped == []


def test_the_owners_are_told_unless_they_did_it(rig: Rig) -> None:
    """A live stop needs nobody else, so the owner hears of it, with the reason."""
    stop(rig, rig.live_session(cause="a"))
    assert [lane for lane, text in rig.told() if "odd fills" in text] == ["T1/U7"]

    stop(rig, rig.live_session(cause="b", symbol=ETH), by=OLIVIA)
    assert len([text for _, text in rig.told() if "odd fills" in text]) == 1


def test_what_is_over_is_not_stopped_again(rig: Rig) -> None:
    """A second stop says so and does nothing."""
    session = rig.live_session()
    stop(rig, session)

    assert "stopped already" in refusal(stop(rig, session))
    assert rig.venue.stopped == [session.id]


@pytest.mark.parametrize("wanted", ["live-nowhere", "", "x" * 10_000, "<!channel>"])
def test_a_session_that_is_not_there_is_refused_in_words(rig: Rig, wanted: str) -> None:
    """A forged or old button."""
    (outcome,) = stopping(rig)(RITA, [wanted], "", "action:1")
    assert "There is no session" in refusal(outcome)
    assert rig.recorded() == []


def test_ten_stops_at_once_end_it_once(rig_on_both: Rig) -> None:
    """Everybody learns how it stands, and nobody gets an error."""
    rig = rig_on_both
    session = rig.live_session()

    outcomes = at_once([lambda: stop(rig, session) for _ in range(10)])

    assert rig.sessions()[0].state is SessionState.STOPPED
    assert all(
        outcome.state in ("stopped", "stopping") if isinstance(outcome, SessionSummary) else outcome.sentence
        for outcome in outcomes
    )


def test_all_an_id_or_a_symbol_names_sessions(rig: Rig) -> None:
    """Only open ones, and in any case."""
    bitcoin, ether = rig.live_session(cause="a"), rig.live_session(cause="b", symbol=ETH)
    matching = stopping(rig).matching

    assert set(matching("all")) == {bitcoin.id, ether.id}
    assert matching("btc/usd ") == (bitcoin.id,)
    assert matching(ether.id.upper()) == (ether.id,)
    assert matching("BTC") == ()
    assert matching("") == ()
    stop(rig, bitcoin)
    assert matching("all") == (ether.id,)


def test_all_are_stopped_before_any_is_proven_and_proven_side_by_side(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last session neither trades nor waits while the venue takes its time over the first."""
    sessions = [rig.live_session(cause="a"), rig.live_session(cause="b", symbol=ETH)]
    together, prove = Barrier(2), rig.venue.stop_session

    def slowly(session_id: str, reason: str) -> StopProof:
        assert {each.state for each in rig.sessions()} == {SessionState.STOPPING}
        together.wait(DEADLINE_S)
        return prove(session_id, reason)

    monkeypatch.setattr(rig.venue, "stop_session", slowly)
    outcomes = stopping(rig)(RITA, [each.id for each in sessions], "enough", "command:1")

    assert [isinstance(each, SessionSummary) and each.state for each in outcomes] == ["stopped"] * 2


def test_a_stop_that_was_interrupted_is_taken_up(rig: Rig) -> None:
    """A bot that died while stopping goes on at its next start."""
    session = rig.live_session()
    with rig.storage.transaction() as tx:
        tx.sessions.move(session, session.moved(SessionState.STOPPING, tx.now, "asked"))

    stopping(rig).resume_unfinished()

    until(lambda: rig.sessions()[0].state is SessionState.STOPPED, "the session is stopped")


def test_money_of_a_session_is_its_own(rig: Rig) -> None:
    """Position, PnL and fees come from its fills and the price of now."""
    session = rig.live_session()
    rig.bought(session, "0.001")
    price = {session.plan.symbol: Decimal(65_000)}

    summary = rig.read(lambda tx: summarise(tx, rig.desk, session, price))

    assert (summary.position, summary.fills, summary.fees) == (Decimal("0.001"), 1, Decimal("0.10"))
    assert summary.daily_pnl == Decimal("0.9")
    assert summary.equity == session.plan.notional_max + Decimal("0.9")
    assert summary.started_by == "Otto"


def test_without_a_price_the_result_is_unknown(rig: Rig) -> None:
    """A position that cannot be valued has no PnL; none held has."""
    session = rig.live_session()
    assert rig.read(lambda tx: summarise(tx, rig.desk, session)).daily_pnl == 0
    rig.bought(session, "0.001")

    assert rig.read(lambda tx: summarise(tx, rig.desk, session)).daily_pnl is None


def test_a_session_of_somebody_who_left_still_has_a_name(rig: Rig) -> None:
    """An id of nobody stays as it is."""
    session = replace(rig.live_session(), started_by="nora")
    assert rig.read(lambda tx: summarise(tx, rig.desk, session)).started_by == "nora"


def test_what_a_halted_session_shows_as_held_is_the_accounts() -> None:
    """A halt proves the whole account: other sessions' coins are not called this session's."""
    facts = {"proven": True, "held": {"BTC": "0.5", "ETH": "2"}}

    assert "The account is STILL HOLDING 0.5 BTC, 2 ETH" in proof_sentence(facts, of_account=True)
    assert "Nothing is held by the account" in proof_sentence({"proven": True}, of_account=True)
    assert ". STILL HOLDING 0.5 BTC" in proof_sentence(facts)
