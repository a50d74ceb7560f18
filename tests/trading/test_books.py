"""The books while several threads write them: what has moved on is not moved back, and no fill is lost."""

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.order import OrderState
from trading.practice_exchange.faults import FaultKind
from trading.rows import ORDER
from trading.wire import Answer

WHOLE = Decimal("0.005")


def test_an_order_that_was_settled_is_not_opened_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup that comes back late finds the order filled by somebody else, and leaves it so."""
    with rig.gateway(replace(QUICK, silent_after_s=60)) as gateway:
        client, ident = rig.attached()
        find_order, held, looked = gateway._venue.find_order, threading.Event(), threading.Event()

        def found_late(client_order_id: str) -> object:
            found = find_order(client_order_id)
            looked.set()
            assert held.wait(30)
            return found

        monkeypatch.setattr(gateway._venue, "find_order", found_late)
        rig.fault(FaultKind.LOST_ANSWER, "", "AddOrder")
        intent = a_buy(ident)
        assert client.submit(intent).state is Answer.UNKNOWN
        assert looked.wait(30)

        def settled() -> bool:
            found, order = find_order(intent.client_order_id), rig.order(intent.client_order_id)
            if found is not None:
                opened = gateway._books.accepted(order, found.venue_order_id)
                gateway._reconciler.settle(opened, found, gateway._venue)
            return rig.order(intent.client_order_id).state is OrderState.FILLED

        eventually("somebody else settles it", settled)
        held.set()
        eventually("the late one is done", lambda: gateway._reconciler._resolving.acquire(blocking=False))
        gateway._reconciler._resolving.release()
        order = rig.order(intent.client_order_id)
        assert (order.state, order.filled_quantity) == (OrderState.FILLED, WHOLE)
        assert client.position(ident).pending == 0


def test_books_that_forgot_what_was_filled_are_mended_by_the_fills(rig: Rig) -> None:
    """The fills are the truth: an order stored as open with nothing filled is closed at the next start."""
    with rig.gateway():
        client, ident = rig.attached()
        intent = a_buy(ident)
        assert client.submit(intent).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.order(intent.client_order_id).state is OrderState.FILLED)
    with rig.database.transaction() as session:
        values = {"state": OrderState.OPEN, "filled_quantity": Decimal(0)}
        session.connection().execute(
            update(ORDER).where(ORDER.c.client_order_id == intent.client_order_id).values(values)
        )
    with rig.gateway(QUICK):
        eventually("it is closed", lambda: rig.order(intent.client_order_id).state is OrderState.FILLED)
        assert rig.order(intent.client_order_id).filled_quantity == WHOLE


def test_a_fill_that_is_booked_during_a_load_is_not_lost(rig: Rig) -> None:
    """Memory never falls behind the database, whatever a stop books while the prices are asked for."""
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        for name in ("fills", "books"):
            gateway._works[name].stop()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED
        eventually("it is filled there", lambda: rig.open_at_exchange() == 0)

        def price(_: str) -> Decimal:
            assert gateway._reconciler.poll_fills()
            return Decimal(60000)

        gateway._books.load(price)
        assert rig.filled(ident) == WHOLE
        assert gateway._books.held() == {"BTC": WHOLE}
        assert gateway._books.exposure.position("BTC/USD") == WHOLE
        assert gateway._books.live() == []
