"""Who may ask the gateway for what: a session trades, people decide."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.trading.rig import Rig
from trading.errors import TradingError
from trading.gateway_files import socket_path
from trading.session import SessionState

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("call", ["ping", "halt", "pause", "stop_session", "resume"])
def test_a_session_cannot_act_for_people(rig: Rig, call: str) -> None:
    """Over the connection of a session nothing is paused, stopped, halted or kept alive."""
    arguments = {"halt": {"reason": "mine"}, "ping": {}}
    with rig.gateway():
        client, ident = rig.attached()
        with pytest.raises(TradingError, match=r"may not|no call"):
            client._ask(bool, call, **arguments.get(call, {"session_id": ident, "reason": "mine"}))
        assert rig.state(ident) is SessionState.RUNNING
        assert not rig.latch.engaged()


def test_what_a_session_reports_is_one_visible_line(rig: Rig) -> None:
    """A strategy's own error text stands on cards, in the record and in terminals."""
    with rig.gateway():
        client, ident = rig.attached()
        client.report(ident, "ValueError", "no\nbar\x1b[2J\u202e at\x9b 10:00")
        assert rig.session(ident).state_reason == "ValueError: no bar[2J at 10:00"


def unavailable() -> None:
    """Stands in for a database that cannot be read."""
    raise RuntimeError("database is locked")


def test_the_process_of_a_session_cannot_act_over_another_connection(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hanging up and calling again makes no people of it, nor does a child, nor a database that is away."""
    code = (
        "import sys, subprocess; from pathlib import Path; from trading.gateway_client import GatewayClient\n"
        "path, session = Path(sys.argv[1]), sys.argv[2]\n"
        "if sys.argv[3:] != ['child']:\n"
        "    GatewayClient(path, 30).attach(session); print('attached', flush=True); sys.stdin.readline()\n"
        "    sys.exit(subprocess.run([sys.executable, *sys.orig_argv[1:], 'child']).returncode)\n"
        "GatewayClient(path, 30).halt('mine')"
    )
    session = rig.live_session()
    with rig.gateway():
        caller = subprocess.Popen(
            [sys.executable, "-c", code, str(socket_path(rig.home, "kraken")), session.id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=ROOT,
        )
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"attached\n"
        with monkeypatch.context() as away:
            away.setattr(rig.database, "reading", unavailable)
            _, said = caller.communicate(b"go\n", timeout=60)
        assert b"may not halt" in said
        assert rig.state(session.id) is SessionState.RUNNING
        assert not rig.latch.engaged()
