"""A halt in a dead gateway's place: it needs a key and the venue, and neither configuration nor database."""

import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from bot.gateway_launch import GatewayLauncher
from bot.gateway_process import _OurRecord
from bot.settings import Environment
from bot.venue_note import NoVenueNote, VenueNote, read_note
from tests.trading.rig import EMERGENCY_KEY, Rig, a_buy, eventually, secret_of
from trading.codec import decode
from trading.gateway_files import gateway_process
from trading.wire import Answer, HaltProof

WITHIN_S = 60

BROKEN_HALT = """
import os, structlog, sys
from bot import gateway_process

def halt_venue(venue, **_):
    secret = os.environ["KRAKEN_EMERGENCY_API_SECRET"]
    try:
        raise RuntimeError("it broke")
    except RuntimeError:
        structlog.get_logger().exception("halting failed")
    sys.exit(7)

gateway_process.halt_venue = halt_venue
gateway_process.main(["kraken", "--halt"])
"""


def rest_an_order(rig: Rig) -> None:
    """Leave one open order at the exchange that a gateway, gone now, has sent."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
    assert rig.open_at_exchange() == 1


def leave_a_note(rig: Rig) -> VenueNote:
    """What a gateway's start has written down."""
    note = VenueNote(
        exchange="kraken",
        venue="kraken",
        api_url=rig.practice.url,
        timeout_s=5,
        rate_limit_ms=10,
        validate_only=False,
        currency="USD",
        arrival_s=Decimal(1),
    )
    note.save(rig.home)
    return note


def break_the_configuration(rig: Rig) -> None:
    """Leave a config.toml that nobody can read."""
    (rig.home / "config" / "config.toml").write_text("[desk\n", "utf-8")


def halted(environ: Mapping[str, str]) -> tuple[HaltProof, int]:
    """Run the emergency process and read its proof."""
    child = GatewayLauncher(Environment.from_environ(environ)).halt("kraken")
    output, _ = child.communicate(timeout=WITHIN_S)
    return decode(HaltProof, json.loads(output.decode().strip().splitlines()[-1])), child.returncode


def kill(environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Halt from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "kill", "the", "gateway", "is", "gone", "--json"],
        env=dict(environ),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_a_gateway_leaves_its_venue_behind(rig: Rig) -> None:
    """For this user alone, without a secret, and there as soon as the gateway is."""
    environ = rig.environ()
    child = GatewayLauncher(Environment.from_environ(environ)).run("kraken")
    try:
        path = rig.home / "run" / "venue-kraken.json"
        eventually("the note is there", path.exists)
        assert path.stat().st_mode & 0o777 == 0o600
        note = read_note(rig.home, "kraken")
        assert (note.api_url, note.rate_limit_ms, note.validate_only) == (rig.practice.url, 10, False)
        assert note.arrival_s > 5
        assert not [
            value for name, value in environ.items() if "SECRET" in name and value in path.read_text()
        ]
    finally:
        child.terminate()
        child.wait(WITHIN_S)


def test_a_halt_needs_no_readable_configuration(rig: Rig) -> None:
    """What the last gateway wrote down is enough."""
    rest_an_order(rig)
    environ = rig.environ()
    leave_a_note(rig)
    break_the_configuration(rig)

    proof, code = halted(environ)

    assert (proof.proven, code) == (True, 0)
    assert proof.held == {"BTC": Decimal("0.005")}
    assert rig.open_at_exchange() == 0


def test_a_halt_needs_no_database(rig: Rig) -> None:
    """It cancels first, waits out what may still arrive, and calls unknown what is held."""
    rest_an_order(rig)
    environ = rig.environ() | {"DATABASE_URL": "postgresql://peak@127.0.0.1:1/gone"}
    leave_a_note(rig)
    break_the_configuration(rig)

    proof, code = halted(environ)

    assert (proof.proven, code) == (True, 0)
    assert proof.held == {}
    assert "what is held is not known" in proof.detail
    taken = {name.partition(",")[0]: at_ms for name, at_ms in proof.steps}
    assert list(taken) == ["first cancel", "deadlines passed", "second cancel", "proof"]
    assert taken["deadlines passed"] - taken["first cancel"] >= 1000
    assert rig.open_at_exchange() == 0


def test_our_books_are_read_although_nothing_was_cancelled_yet(rig: Rig) -> None:
    """A venue in maintenance takes no cancel, and what is held is known all the same."""
    rest_an_order(rig)
    environment = Environment.from_environ(
        rig.environ() | {"DATABASE_URL": f"sqlite:///{rig.home}/peak-ops.db"}
    )
    assert _OurRecord(environment, leave_a_note(rig)).held() == ({"BTC": Decimal("0.005")}, "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"exchange": "kraken"}'])
def test_a_note_in_pieces_is_refused(rig: Rig, text: str) -> None:
    """With what to do about it."""
    leave_a_note(rig)
    (rig.home / "run" / "venue-kraken.json").write_text(text)
    with pytest.raises(NoVenueNote, match=r"config\.toml"):
        read_note(rig.home, "kraken")


def test_kill_halts_in_a_dead_gateways_place(rig: Rig) -> None:
    """Without bot and gateway, and with a configuration in pieces, the venue is asked and proves it."""
    rest_an_order(rig)
    environ = rig.environ()
    leave_a_note(rig)
    break_the_configuration(rig)
    assert gateway_process(rig.home, "kraken") is None

    told = kill(environ)

    assert told.returncode == 0, told.stderr
    proof = json.loads(told.stdout)["proofs"]["kraken"]
    assert proof["proven"] is True
    assert Decimal(proof["held"]["BTC"]) == Decimal("0.005")
    assert rig.open_at_exchange() == 0
    assert {call.key for call in rig.calls("CancelAll")} == {EMERGENCY_KEY}
    assert secret_of(EMERGENCY_KEY) not in told.stdout + told.stderr


def test_kill_cancels_although_nothing_can_be_written(rig: Rig) -> None:
    """It says loudly that the halt does not stand, and ends with 4; the orders are gone all the same."""
    rest_an_order(rig)
    environ = rig.environ()
    leave_a_note(rig)
    rig.latch.latch_file.unlink()
    for path in (rig.latch.halt_file, rig.latch.latch_file):
        path.mkdir()  # no record can be written over a folder

    told = kill(environ)

    assert told.returncode == 4
    assert "NOT HALTED" in told.stderr
    assert json.loads(told.stdout)["proofs"]["kraken"]["proven"] is True
    assert rig.open_at_exchange() == 0


def test_kill_leaves_no_trace_in_a_home_that_is_not_there(rig: Rig) -> None:
    """A mistyped home must not come to be by this: the second try would believe it."""
    environ = rig.environ() | {"PEAK_OPS_HOME": str(rig.home / "mistyped")}
    told = kill(environ)
    assert told.returncode == 4
    assert not (rig.home / "mistyped").exists()


def test_a_halt_without_a_home_logs_no_variables(rig: Rig) -> None:
    """Whatever breaks in it: a traceback drawn with its variables would show the key."""
    environ = rig.environ() | {"PEAK_OPS_HOME": str(rig.home / "mistyped")}
    told = subprocess.run(
        [sys.executable, "-c", BROKEN_HALT],
        env=environ,
        input="{}",
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert told.returncode == 7, told.stderr
    assert "RuntimeError: it broke" in told.stderr
    assert secret_of(EMERGENCY_KEY) not in told.stderr
