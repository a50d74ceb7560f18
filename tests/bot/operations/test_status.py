"""The desk in one look: what cannot be read is unknown, and keeps nothing else from being shown."""

from decimal import Decimal

import pytest

from approvals.person import Person
from bot.operations.status import ReadStatus
from bot.summaries import Allowed, StatusSummary
from bot.tables import CardRow, LeaseRow
from bot.view import check
from bot.views.status import status
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM
from tests.bot.operations.rig import ETH, Rig
from trading.events import EventKind, TradingEvent
from trading.session import SessionState


def look(rig: Rig) -> StatusSummary:
    """Read the status; Slack takes what is drawn of it."""
    summary = ReadStatus(rig.storage, rig.desk, rig.latch, rig.gateway)()
    check(status(summary))
    return summary


def test_sessions_are_valued_at_the_price_of_now(rig: Rig) -> None:
    """With what is open, what is used, and what waits."""
    session = rig.live_session(cause="a")
    rig.bought(session, "0.001", "63000")
    rig.asked(cause="b", symbol=ETH)

    summary = look(rig)

    assert [(item.id, item.daily_pnl) for item in summary.sessions] == [(session.id, Decimal("0.9"))]
    assert [item.waits_for for item in summary.pending_approvals] == ["waits for an owner"]
    assert summary.gateways == (("kraken", "ready"),)
    assert {use.used for use in summary.limits if use.name == "max_order_notional"} == {Decimal(10)}
    assert not summary.halt.engaged


def test_a_session_that_is_not_heard_of_is_silent(rig: Rig) -> None:
    """Since the gateway told of it; one that is heard of is not."""
    session = rig.live_session()
    assert look(rig).sessions[0].silent_since is None
    fell = rig.clock()
    with rig.storage.transaction() as tx:
        tx.events.add(TradingEvent("silent-1", EventKind.SESSION_SILENT, fell, session.id, {}))
    rig.clock.passes(minutes=1)
    rig.venue.heartbeats = {session.id: 75.0}

    assert look(rig).sessions[0].silent_since == fell


def test_what_ended_sessions_hold_stays_in_the_status(rig: Rig) -> None:
    """A stop sells nothing."""
    session = rig.live_session()
    rig.bought(session, "0.001")
    with rig.storage.transaction() as tx:
        tx.sessions.move(session, session.moved(SessionState.STOPPING, tx.now, "enough"))
    rig.venue.stop_session(session.id, "enough")

    summary = look(rig)

    assert (summary.sessions, summary.held) == ((), (("BTC", Decimal("0.001")),))


def test_a_silent_gateway_makes_its_figures_unknown(rig: Rig) -> None:
    """The sessions, limits and requests are shown all the same."""
    session = rig.live_session()
    rig.bought(session, "0.001")
    rig.venue.gone = True

    summary = look(rig)

    assert summary.sessions[0].daily_pnl is None
    assert summary.sessions[0].position == Decimal("0.001")
    assert summary.gateways == (("kraken", "does not answer; the bot starts it again"),)
    assert len(summary.limits) == 5
    assert {use.used for use in summary.limits} == {None}


@pytest.mark.parametrize(
    ("person", "expected"),
    [(OTTO, Allowed(True, True, True)), (SAM, Allowed()), (None, Allowed())],
)
def test_who_looks_is_offered_what_the_policy_allows(
    rig: Rig, person: Person | None, expected: Allowed
) -> None:
    """A shell is nobody, and is offered nothing."""
    assert ReadStatus(rig.storage, rig.desk, rig.latch, rig.gateway)(person).allowed == expected


def test_what_waits_leads_to_its_card(rig: Rig) -> None:
    """Once Slack has taken the card and said where we are; an approved one names the button."""
    request = rig.approved()
    status = ReadStatus(rig.storage, rig.desk, rig.latch, rig.gateway, lambda: "https://desk.example/")
    assert status().pending_approvals[0].card_url == ""
    with rig.storage.transaction() as tx:
        card = tx.session.get(CardRow, f"request:{request.id}")
        assert card is not None
        card.ts = "1795360600.000100"

    (waiting,) = status().pending_approvals
    assert waiting.card_url == "https://desk.example/archives/C0APPROVALS/p1795360600000100"
    assert waiting.waits_for == "Otto can press Go live"


def test_a_halt_is_shown_with_its_person(rig: Rig) -> None:
    """By name, not by id."""
    rig.halted(by="sam")
    halt = look(rig).halt

    assert (halt.engaged, halt.by, halt.reason) == (True, "Sam", "price feed looks wrong")


def test_an_unreadable_latch_is_a_halt(rig: Rig) -> None:
    """Unknown means halted."""
    rig.latch.latch_file.write_text("{")
    assert look(rig).halt.engaged


def test_the_bot_at_work_is_named(rig: Rig) -> None:
    """Whoever holds the lease; one that is silent or has ended is said to be so."""
    assert look(rig).bot == "none is at work"
    with rig.storage.transaction() as tx:
        tx.session.add(
            LeaseRow(
                name="bot",
                holder="b1",
                turn=1,
                host="desk",
                pid=12,
                home="/srv",
                granted_at=tx.now,
                renewed_at=tx.now,
                given_back=False,
            )
        )
    assert look(rig).bot.startswith("process 12 on desk, home /srv, since")

    rig.clock.passes(minutes=2)
    assert look(rig).bot.startswith("none has been heard of since")


def test_what_waits_for_somebody_is_given_whole(rig: Rig) -> None:
    """To who could answer and to who asked; to nobody else, and not to a look without a person."""
    request = rig.asked()
    read = ReadStatus(rig.storage, rig.desk, rig.latch, rig.gateway)

    for person, count in ((OLIVIA, 1), (OTTO, 1), (RITA, 0), (SAM, 0), (None, 0)):
        assert [card.id for card in read(person).cards] == [request.id] * count
    rig.answers(request.id)
    assert [len(read(person).cards) for person in (OLIVIA, OTTO)] == [0, 1]
