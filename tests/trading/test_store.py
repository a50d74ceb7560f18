"""The stores, on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from bot.database import Database
from tests.trading.given import NOON, D, a_fill, a_plan, a_session, an_intent, an_order
from tests.trading.stored import with_tables
from trading.errors import DuplicateOrder, DuplicateSession, NoSuchOrder, NoSuchSession
from trading.fill import Fill
from trading.order import Order, OrderState, Side
from trading.session import SessionState, Stage, TradingSession
from trading.store import EquityStore, FillStore, OrderStore, SessionStore

LATER = NOON + timedelta(minutes=5)
ODD_AMOUNTS = ["0.1", "0.00000001", "123456789012345.123456789012", "0", "-3.5", "1E+3"]


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Give a database with the tables of trading."""
    return with_tables(empty_database)


def saved(database: Database, **changes: object) -> TradingSession:
    """Save a session."""
    session = a_session(**changes)
    with database.transaction() as tx:
        SessionStore(tx).add(session)
    return session


# sessions


def test_a_session_comes_back_as_it_was(database: Database) -> None:
    """Every field, the plan and its decimals included."""
    session = saved(
        database,
        plan=a_plan(stage=Stage.LIVE, notional_max=D("100.50"), parameters=(("slow", "20"), ("fast", "5"))),
        request_id="request-1",
        ends_at=LATER,
        reason="emoji 🙂, 'quotes' and \"more\"",
    )

    with database.reading() as tx:
        assert SessionStore(tx).get(session.id) == session
        assert SessionStore(tx).of_request("request-1") == session
        assert SessionStore(tx).get("another") is None
        assert SessionStore(tx).of_request("another") is None


def test_a_session_is_added_once(database: Database) -> None:
    """Nor does one request start two."""
    session = saved(database, request_id="request-1")

    for double in (session, replace(session, id="another")):
        with database.transaction() as tx, pytest.raises(DuplicateSession):
            SessionStore(tx).add(double)


def test_open_sessions_are_those_that_are_not_over(database: Database) -> None:
    """An unknown one is among them, the oldest first."""
    made = {
        state: saved(database, state=state, created_at=NOON - timedelta(minutes=n))
        for n, state in enumerate(SessionState)
    }

    with database.reading() as tx:
        found = SessionStore(tx).all_open()
        assert [session.id for session in SessionStore(tx).recent(3)] == [
            session.id for session in list(made.values())[:3]
        ]

    assert found == [made[state] for state in reversed(SessionState) if not state.is_over]


def test_a_move_is_written_whole(database: Database) -> None:
    """State, reason and times."""
    session = saved(database)
    running = session.moved(SessionState.RUNNING, LATER, "ready")

    with database.transaction() as tx:
        assert SessionStore(tx).move(session, running)

    with database.reading() as tx:
        assert SessionStore(tx).get(session.id) == running


def test_a_move_from_a_state_that_has_passed_is_refused(database: Database) -> None:
    """Who read an old state has decided on nothing."""
    session = saved(database)
    with database.transaction() as tx:
        assert SessionStore(tx).move(session, session.moved(SessionState.FAILED, NOON, "process gone"))

    with database.transaction() as tx:
        assert not SessionStore(tx).move(session, session.moved(SessionState.RUNNING, LATER))

    with database.reading() as tx:
        stored = SessionStore(tx).get(session.id)
    assert stored is not None
    assert (stored.state, stored.state_reason) == (SessionState.FAILED, "process gone")


def test_of_two_racers_one_wins(database: Database) -> None:
    """Both read the same state, then both write at once."""
    session = saved(database, state=SessionState.RUNNING)
    wanted = [SessionState.PAUSED, SessionState.HALTED, SessionState.STOPPING, SessionState.FAILED]
    start = threading.Barrier(len(wanted))
    won: list[SessionState] = []

    def race(state: SessionState) -> None:
        with database.reading() as tx:
            read = SessionStore(tx).get(session.id)
        assert read is not None
        start.wait(timeout=20)
        with database.transaction() as tx:
            if SessionStore(tx).move(read, read.moved(state, LATER)):
                won.append(state)

    threads = [threading.Thread(target=race, args=(state,)) for state in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert len(won) == 1
    with database.reading() as tx:
        stored = SessionStore(tx).get(session.id)
    assert stored is not None
    assert stored.state is won[0]


def test_a_move_leaves_the_process_alone(database: Database) -> None:
    """The gateway moves the state while the supervisor notes the pid."""
    session = saved(database)
    with database.transaction() as tx:
        SessionStore(tx).set_process(session.id, 4_242, 1_795_000_000.25)
        assert SessionStore(tx).move(session, session.moved(SessionState.RUNNING, LATER))

    with database.reading() as tx:
        stored = SessionStore(tx).get(session.id)
    assert stored is not None
    assert (stored.pid, stored.pid_started_at) == (4_242, 1_795_000_000.25)


def test_a_session_has_one_process_for_ever(database: Database) -> None:
    """Two bots, or a bot and a gateway, may both write it down: the first one stands."""
    session = saved(database)
    with database.transaction() as tx:
        sessions = SessionStore(tx)
        answers = [sessions.set_process(session.id, pid, 1.5) for pid in (4_242, 4_243, 4_242)]

    assert answers == [True, False, True]
    with database.reading() as tx:
        stored = SessionStore(tx).get(session.id)
    assert stored is not None
    assert stored.pid == 4_242


def test_a_process_belongs_to_a_session(database: Database) -> None:
    """One that nobody knows is an error, not silence."""
    with database.transaction() as tx, pytest.raises(NoSuchSession):
        SessionStore(tx).set_process("another", 1, 1.0)


# orders


def kept(database: Database, order: Order) -> Order:
    """Save an order."""
    with database.transaction() as tx:
        OrderStore(tx).add(order)
    return order


def test_an_order_comes_back_as_it_was(database: Database) -> None:
    """First the intent, then its fate."""
    session = saved(database)
    intent = an_intent(Side.SELL, "0.00000001", limit_price="98765.43", session_id=session.id)
    order = kept(database, replace(an_order(intent), deadline=LATER))

    with database.transaction() as tx:
        assert OrderStore(tx).get(intent.client_order_id) == order
        filled = replace(
            order.moved(OrderState.OPEN, LATER, "accepted"),
            venue_order_id="OABC",
            filled_quantity=D("0.000000005"),
        )
        OrderStore(tx).update(filled)

    with database.reading() as tx:
        assert OrderStore(tx).get(intent.client_order_id) == filled
        assert OrderStore(tx).by_session(session.id) == [filled]
        assert OrderStore(tx).get("another") is None


def test_a_client_order_id_is_used_once(database: Database) -> None:
    """The second one is refused and the first one stays."""
    session = saved(database)
    order = kept(database, an_order(an_intent(Side.BUY, 1, session_id=session.id)))

    with database.transaction() as tx, pytest.raises(DuplicateOrder):
        OrderStore(tx).add(replace(order, state=OrderState.FILLED))

    with database.reading() as tx:
        assert OrderStore(tx).get(order.intent.client_order_id) == order


def test_an_order_that_was_never_saved_cannot_be_updated(database: Database) -> None:
    """The books and the venue differ, and that is said."""
    with database.transaction() as tx, pytest.raises(NoSuchOrder):
        OrderStore(tx).update(an_order(an_intent(Side.BUY, 1)))


def test_an_order_belongs_to_a_session(database: Database) -> None:
    """There is none without."""
    with pytest.raises(IntegrityError):
        kept(database, an_order(an_intent(Side.BUY, 1, session_id="nobody")))


def test_open_orders_are_those_the_venue_may_hold(database: Database) -> None:
    """Intended, open and unknown ones, of one account or of all."""
    session = saved(database)
    elsewhere = saved(database, plan=a_plan(exchange="other"))
    orders = {
        state: kept(database, an_order(an_intent(Side.BUY, 1, session_id=session.id), state))
        for state in OrderState
    }
    foreign = kept(database, an_order(an_intent(Side.BUY, 1, session_id=elsewhere.id)))

    with database.reading() as tx:
        at_kraken = OrderStore(tx).open_orders("kraken")
        everywhere = OrderStore(tx).open_orders()

    assert {order.intent.client_order_id for order in at_kraken} == {
        order.intent.client_order_id for state, order in orders.items() if state.may_be_live
    }
    assert {order.intent.client_order_id for order in everywhere} - {
        order.intent.client_order_id for order in at_kraken
    } == {foreign.intent.client_order_id}
    with database.reading() as tx:
        assert OrderStore(tx).open_count(session.id) == sum(state.may_be_live for state in OrderState)
        assert OrderStore(tx).open_count(elsewhere.id) == 1
        assert OrderStore(tx).has_one(elsewhere.id)
        assert not OrderStore(tx).has_one(session.id)
        assert not OrderStore(tx).has_one("nobody")


# fills


def booked(database: Database, *fills: Fill, exchange: str = "kraken") -> list[bool]:
    """Book fills."""
    with database.transaction() as tx:
        return [FillStore(tx).add(fill, exchange) for fill in fills]


def test_a_fill_is_booked_once(database: Database) -> None:
    """However often the venue reports it, within one transaction and after it."""
    fill = a_fill(Side.BUY, "0.3", "100.1", fee="0.0003", fee_currency="BTC")

    assert booked(database, fill, fill) == [True, False]
    assert booked(database, fill) == [False]

    with database.reading() as tx:
        assert FillStore(tx).all() == [fill]


def test_a_fill_booked_by_two_at_once_is_booked_once(database: Database) -> None:
    """The database decides, not who looked first."""
    fill, start = a_fill(Side.BUY, 1, 100), threading.Barrier(4)
    outcomes: list[bool] = []

    def race() -> None:
        start.wait(timeout=20)
        outcomes.extend(booked(database, fill))

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outcomes) == [False, False, False, True]


def test_two_venues_may_use_one_fill_id(database: Database) -> None:
    """It is unique at its venue, not in the world."""
    fill = a_fill(Side.BUY, 1, 100)

    assert booked(database, fill) == booked(database, fill, exchange="other") == [True]

    with database.reading() as tx:
        assert FillStore(tx).all("kraken") == FillStore(tx).since(NOON, "other") == [fill]
        assert len(FillStore(tx).all()) == 2


def test_fills_come_in_the_order_in_which_they_happened(database: Database) -> None:
    """By time, and within one moment as they were booked."""
    late = a_fill(Side.SELL, 1, 100, at=LATER)
    first, second = a_fill(Side.BUY, 1, 100), a_fill(Side.BUY, 2, 100)
    booked(database, late, first, second)

    with database.reading() as tx:
        assert FillStore(tx).all() == [first, second, late]
        assert FillStore(tx).since(LATER) == [late]
        assert FillStore(tx).since(LATER + timedelta(microseconds=1)) == []


def test_fills_are_found_by_session(database: Database) -> None:
    """Foreign ones belong to none."""
    session = saved(database)
    ours = a_fill(Side.BUY, 1, 100, of=an_intent(Side.BUY, 1, session_id=session.id))
    booked(database, ours, a_fill(Side.BUY, 1, 100))

    with database.reading() as tx:
        assert FillStore(tx).by_session(session.id) == [ours]


@pytest.mark.parametrize("text", ODD_AMOUNTS)
def test_decimals_come_back_exactly(database: Database, text: str) -> None:
    """To the last digit, where a float would have lost some."""
    fill = a_fill(Side.BUY, "123456789.123456789012", "0.00000001", fee=text)
    booked(database, fill)
    with database.transaction() as tx:
        EquityStore(tx).add("kraken", NOON, Decimal(text), {})

    with database.reading() as tx:
        assert FillStore(tx).all()[0].fee == Decimal(text)
        assert FillStore(tx).all()[0].quantity == Decimal("123456789.123456789012")
        assert EquityStore(tx).marks(NOON, "kraken")[0].equity == Decimal(text)
