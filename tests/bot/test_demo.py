"""The demo makes its home anew, and nobody else's; what it prints can be typed as it stands."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.demo import (
    NotADemo,
    PortTaken,
    PracticeSlack,
    fresh_home,
    plain_environ,
    run_demo,
    shell_hint,
    write_config,
)
from bot.people import load_roster
from trading.killswitch import Latch
from trading.pids import ProcessId


def test_a_desk_is_no_demo(tmp_path: Path) -> None:
    """Its halt stands, its record is there and its gateway runs on, although somebody mistyped --home."""
    latch = Latch(tmp_path)
    latch.engage("price feed looks wrong", "sam", system_clock())
    (tmp_path / "peak-ops.db").write_text("the record")
    gateway = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = ProcessId.of(gateway.pid)
    assert process is not None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "gateway-kraken.json").write_text(
        json.dumps({"pid": process.pid, "started_at": process.started_at})
    )
    try:
        with pytest.raises(NotADemo, match="nothing was touched"):
            run_demo(tmp_path, system_clock, say=lambda *_, **__: None)
        assert process.is_alive
    finally:
        gateway.communicate(b"\n")
    assert latch.engaged()
    assert (tmp_path / "peak-ops.db").read_text() == "the record"


def test_a_demo_is_told_of_no_proxy_and_of_no_real_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it leaves the machine."""
    for name in (
        "HTTP_PROXY",
        "https_proxy",
        "no_proxy",
        "SLACK_BOT_TOKEN",
        "KRAKEN_API_KEY",
        "PEAK_OPS_HOME",
    ):
        monkeypatch.setenv(name, "x")
    assert "x" not in plain_environ().values()


@pytest.mark.parametrize("socket_mode", [True, False])
def test_no_token_stands_on_a_command_line(socket_mode: bool) -> None:
    """Everybody on the machine can list processes with their arguments."""
    slack = PracticeSlack.made(socket_mode=socket_mode)
    secrets = [value for name, value in slack.environ.items() if name.startswith("SLACK_")]
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in " ".join(slack.options)]


def test_a_former_demo_is_made_anew(tmp_path: Path) -> None:
    """And so is a folder that is empty, or not there yet."""
    home = tmp_path / "demo"
    fresh_home(home)
    (home / "peak-ops.db").write_text("of yesterday")

    fresh_home(home)

    assert not (home / "peak-ops.db").exists()
    (tmp_path / "empty").mkdir()
    fresh_home(tmp_path / "empty")


def test_everybody_of_the_demo_can_be_reached(tmp_path: Path) -> None:
    """Readiness warns of people without a number; on a desk to learn on it would never be green."""
    write_config(tmp_path, "http://127.0.0.1:1", 334)
    numbers = [person.contact for person in load_roster(tmp_path)]
    assert len(set(numbers)) == 4
    assert all(numbers)


def test_a_port_that_is_taken_is_named_before_anything_is_removed(tmp_path: Path) -> None:
    """With what to do, and the home of the demo that runs there stays."""
    home = tmp_path / "demo"
    fresh_home(home)
    (home / "peak-ops.db").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} .* --port"):
            run_demo(home, system_clock, port=port, say=print)

    assert (home / "peak-ops.db").exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_no_demo(tmp_path: Path, kind: str) -> None:
    """What a link leads to is somebody's choice, and stays."""
    home = tmp_path / "demo"
    if kind == "file":
        home.write_text("a letter")
    else:
        fresh_home(tmp_path / "elsewhere")
        home.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotADemo):
        fresh_home(home)
    assert home.exists()


def test_the_hint_works_as_printed(tmp_path: Path) -> None:
    """From any folder, with a space in the path and without the command on the PATH."""
    folder = tmp_path / "my desk"
    folder.mkdir()
    (folder / "demo.env").write_text("PEAK_OPS_NONSENSE=1\n")

    ran = subprocess.run(
        ["/bin/sh", "-c", shell_hint(folder / "demo.env")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 2
    assert "PEAK_OPS_NONSENSE" in ran.stderr
