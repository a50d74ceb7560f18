"""Who is here, who has fallen silent, who left on purpose."""

import pytest

from tests.trading.rig import Rig, a_buy, eventually
from trading.attendance import Attendance
from trading.practice_exchange.faults import FaultKind
from trading.wire import Answer


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give a clock that only the test moves."""
    time = [100.0]
    monkeypatch.setattr("trading.attendance.time.monotonic", lambda: time[0])
    return time


def test_a_session_is_silent_after_its_time_and_told_once(now: list[float]) -> None:
    """Fifteen seconds without a word; the next word ends it."""
    attendance = Attendance(15)
    attendance.attached("s1", "line")
    now[0] += 15
    assert attendance.newly_silent() == []
    now[0] += 1
    assert attendance.newly_silent() == ["s1"]
    assert attendance.newly_silent() == []
    assert attendance.silent() == {"s1"}
    assert attendance.heard("s1", "line")
    assert attendance.silent() == set()


def test_a_broken_line_is_silence_at_once(now: list[float]) -> None:
    """Nobody has to wait for what cannot come."""
    attendance = Attendance(15)
    attendance.attached("s1", "line")
    attendance.lost("line")
    assert attendance.newly_silent() == ["s1"]


def test_a_goodbye_is_no_silence(now: list[float]) -> None:
    """Who left on purpose is simply not here."""
    attendance = Attendance(15)
    attendance.attached("s1", "line")
    attendance.left("s1", "line")
    attendance.lost("line")
    now[0] += 60
    assert attendance.newly_silent() == []
    assert attendance.ages() == {}


def test_an_old_line_speaks_for_nobody(now: list[float]) -> None:
    """After a session attached anew, its former connection neither beats nor hangs up for it."""
    attendance = Attendance(15)
    attendance.attached("s1", "old")
    attendance.attached("s1", "new")
    assert not attendance.heard("s1", "old")
    attendance.lost("old")
    attendance.left("s1", "old")
    assert attendance.silent() == set()
    assert set(attendance.ages()) == {"s1"}


def test_a_session_waiting_for_its_own_call_is_not_silent(now: list[float]) -> None:
    """An order on a slow venue takes longer than a heartbeat may."""
    attendance = Attendance(15)
    attendance.attached("s1", "line")
    with attendance.busy("s1"):
        now[0] += 60
        assert attendance.newly_silent() == []
    assert attendance.newly_silent() == []
    now[0] += 16
    assert attendance.newly_silent() == ["s1"]


def test_a_session_that_never_comes_back_falls_silent(now: list[float]) -> None:
    """One whose order stood when the gateway was started again is waited for only so long."""
    attendance = Attendance(15)
    attendance.expected("s1")
    now[0] += 16
    assert attendance.newly_silent() == ["s1"]


def test_a_goodbye_whose_cancel_failed_is_looked_after(rig: Rig) -> None:
    """A session that went is not forgotten while an order of it is open."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.ERROR_5XX, "503", "CancelOrder")
        client.goodbye(ident)
        client.close()
        eventually("its order is cancelled", lambda: rig.open_at_exchange() == 0)
