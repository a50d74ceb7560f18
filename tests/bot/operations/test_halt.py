"""A halt is recorded once, proven for each account, and cleared by two people after its time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest

from bot.operations.halt import RecordHalt, halt_id
from bot.operations.late_proof import take_late_proof
from bot.summaries import HaltSummary
from tests.approvals.desk import NOON
from tests.bot.intake import DEADLINE_S, Gatekeeper, until
from tests.bot.operations.rig import Rig, at_once
from trading.events import EventKind, TradingEvent
from trading.wire import HaltProof


def recording(rig: Rig, *exchanges: str, prove: Any = None) -> RecordHalt:
    """The operation, for these accounts."""
    return RecordHalt(rig.storage, rig.desk, exchanges or ("kraken",), prove or rig.venue.halt)


def test_a_halt_is_recorded_with_its_proof_and_its_card(rig: Rig) -> None:
    """Who, why, how fast; then what the venue said."""
    halt = recording(rig)("sam", "price feed looks wrong", NOON, 3)

    assert (halt.by, halt.latch_ms, halt.proven) == ("Sam", 3, True)
    assert rig.read(lambda tx: tx.halts.get(halt_id(NOON))) == halt
    assert rig.recorded() == ["halt", "halt.proof"]
    assert rig.cards() == [f"halt:{halt.id}"]


def test_a_halt_is_recorded_once_however_many_hear_of_it(rig_on_both: Rig) -> None:
    """Command, watch and file in the same moment: one row, one card, one proof."""
    rig = rig_on_both
    record = recording(rig)

    halts = at_once([lambda: record("sam", "price feed looks wrong", NOON, 3) for _ in range(10)])

    assert set(halts) == {halts[0]}
    assert rig.recorded() == ["halt", "halt.proof"]
    assert rig.venue.halts == ["kraken"]


def test_people_know_before_the_venue_has_answered(rig: Rig) -> None:
    """Record, card and messages stand while the first proof is still awaited."""
    seen: list[HaltSummary | None] = []

    def prove(exchange: str, reason: str) -> HaltProof:
        seen.append(rig.read(lambda tx: tx.halts.last()))
        assert rig.recorded()[0] == "halt"
        assert rig.cards()
        return rig.venue.halt(exchange, reason)

    recording(rig, "kraken", "krakenfutures", prove=prove)("sam", "odd", NOON, 3)

    assert [halt.waiting_for for halt in seen if halt] == [("kraken", "krakenfutures"), ("krakenfutures",)]


def test_the_owners_are_told_by_direct_message(rig: Rig) -> None:
    """Unless it was one of them."""
    recording(rig)("sam", "odd", NOON, 3)
    assert [lane for lane, _ in rig.told()] == ["T1/U7"]
    rig.clock.passes(seconds=1)

    recording(rig)("olivia", "odd", rig.clock(), 3)
    assert len(rig.told()) == 1


def test_an_account_without_proof_is_not_called_proven(rig: Rig) -> None:
    """Unknown stays unknown."""
    rig.venue.proven = False
    assert not recording(rig)("sam", "odd", NOON, 3).proven


def test_a_halt_that_a_bot_did_not_finish_is_taken_up(rig: Rig) -> None:
    """What was proven is not asked again."""

    def dies(exchange: str, reason: str) -> HaltProof:
        if exchange == "krakenfutures":
            raise OSError("killed")
        return rig.venue.halt(exchange, reason)

    with pytest.raises(OSError, match="killed"):
        recording(rig, "kraken", "krakenfutures", prove=dies)("sam", "odd", NOON, 3)
    again = recording(rig, "kraken", "krakenfutures")
    (unfinished,) = again.unfinished()
    assert unfinished.waiting_for == ("krakenfutures",)

    again.finish(unfinished)

    assert rig.venue.halts == ["kraken", "krakenfutures"]
    assert again.unfinished() == []
    assert again.known(NOON)
    assert not again.known(rig.clock().replace(year=2027))


def test_a_second_halt_is_told_while_the_first_is_being_proven(rig_on_both: Rig) -> None:
    """Its card does not wait for the venue, and both are unfinished until the venue has answered."""
    rig = rig_on_both
    gate = Gatekeeper()

    def slowly(exchange: str, reason: str) -> HaltProof:
        gate()
        return rig.venue.halt(exchange, reason)

    record = recording(rig, prove=slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(record, "sam", "odd", NOON, 3, "halt:1")
        assert gate.arrived.wait(DEADLINE_S)
        second = pool.submit(record, "rita", "odd here too", NOON, 4, "halt:2")
        until(lambda: len(record.unfinished()) == 2, "both are in the record")
        assert rig.recorded() == ["halt", "halt"]
        gate.open()
        assert first.result(DEADLINE_S).proven
        assert second.result(DEADLINE_S).proven

    assert record.unfinished() == []
    assert len(rig.cards()) == 2


def test_a_halt_that_comes_again_is_the_same_halt(rig: Rig) -> None:
    """Slack delivers what was not acknowledged once more, at another time."""
    record = recording(rig)
    first = record("sam", "odd", NOON, 3, "halt:1")
    rig.clock.passes(seconds=3)

    assert record("sam", "odd", rig.clock(), 9, "halt:1") == first
    assert rig.recorded() == ["halt", "halt.proof"]


@pytest.mark.parametrize("by", ["x" * 10_000, "a\nb\x00", "", "\u202e", "<!channel>"])
def test_a_halt_is_recorded_whatever_stands_in_the_latch(rig_on_both: Rig, by: str) -> None:
    """Anybody with a shell may write the file; the halt counts all the same."""
    rig = rig_on_both
    halt = recording(rig)(by, by, NOON, None)

    assert rig.read(lambda tx: tx.halts.last()) == halt
    assert 0 < len(halt.by) <= 60
    assert rig.recorded() == ["halt", "halt.proof"]


def test_a_halt_that_is_not_proven_in_time_is_told(rig: Rig) -> None:
    """While the venue is still asked, the card is drawn again and an alert sends people to the venue."""
    answered = Event()

    def prove(exchange: str, reason: str) -> HaltProof:
        answered.wait(DEADLINE_S)
        return rig.venue.halt(exchange, reason)

    record = RecordHalt(rig.storage, rig.desk, ("kraken",), prove, late_after_s=0)
    halting = Thread(target=record, args=("sam", "odd", NOON, 3))
    halting.start()
    (alert,) = until(lambda: rig.read(lambda tx: tx.alerts.recent(5)), "an alert was raised")
    answered.set()
    halting.join(DEADLINE_S)

    assert (alert.kind, alert.title) == ("halt.unproven", "The halt of kraken is not proven")
    assert "venue's own page" in alert.advice
    (after,) = rig.read(lambda tx: tx.alerts.recent(5))
    assert (after.id, after.title) == (alert.id, "The halt of kraken is proven by now")


def test_an_alert_stays_while_a_newer_halt_is_not_proven(rig: Rig) -> None:
    """Both share it, and the proof of the older one says nothing of the newer."""
    rig.venue.proven = False
    recording(rig)("sam", "odd", rig.clock(), 3)
    rig.clock.passes(seconds=10)
    facts = {"exchange": "kraken", "steps": [], "orders_open": 0, "held": {}, "proven": True, "detail": ""}
    proof = TradingEvent("halt.proven:1", EventKind.HALT_PROVEN, rig.clock(), None, facts)
    rig.clock.passes(seconds=10)
    recording(rig)("sam", "odd again", rig.clock(), 3)
    with rig.storage.transaction() as tx:
        take_late_proof(tx, rig.desk, proof)

    (alert,) = rig.read(lambda tx: tx.alerts.recent(5))
    assert alert.title == "The halt of kraken is not proven"


def test_a_halt_that_stays_unproven_raises_one_alert(rig: Rig) -> None:
    """The venue's last word was no proof; a proven halt raises none."""
    recording(rig)("sam", "odd", NOON, 3)
    assert rig.read(lambda tx: tx.alerts.recent(5)) == []
    rig.clock.passes(seconds=1)
    rig.venue.proven = False

    recording(rig)("sam", "odd", rig.clock(), 3)

    assert [alert.kind for alert in rig.read(lambda tx: tx.alerts.recent(5))] == ["halt.unproven"]
