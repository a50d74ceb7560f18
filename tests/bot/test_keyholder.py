"""A process with secrets shows them to no other, not even while it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.gateway_launch import GatewayLauncher
from bot.settings import Environment
from tests.bot.test_settings import FULL, SECRETS

HEAVY = ("pydantic", "sqlalchemy", "ccxt", "typer", "slack_sdk", "structlog")
GET_DUMPABLE = 3


def test_no_key_stands_in_the_environment_of_a_gateway(tmp_path: Path) -> None:
    """Whoever looks the moment it is there finds nothing: the keys come over a socket."""
    here = {"PEAK_OPS_HOME": str(tmp_path), "PEAK_OPS_CONFIG": str(tmp_path)}
    environment = Environment.from_environ({**FULL, **here})

    gateway = GatewayLauncher(environment).run("kraken")
    try:
        shown = Path(f"/proc/{gateway.pid}/environ").read_text()
    except PermissionError:
        shown = ""  # it has closed itself already
    gateway.wait(60)

    assert not [secret for secret in SECRETS if secret in shown]
    written = (tmp_path / "logs" / "gateway-kraken.out").read_text()
    assert "config.toml" in written  # it came as far as looking for that, with its keys
    assert not [secret for secret in SECRETS if secret in written]


@pytest.mark.parametrize("entry", ["bot.__main__", "bot.keyholder"])
def test_a_process_with_secrets_closes_before_it_loads(entry: str) -> None:
    """Loading takes a second, and is a second in which others could look."""
    code = (
        f"import ctypes, os, sys, importlib; entry = importlib.import_module({entry!r})\n"
        f"print(*({{name.partition('.')[0] for name in sys.modules}} & {set(HEAVY)}), end=';')\n"
        "class Told:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('bot.cli', 'bot.gateway_process'):\n"
        f"            print(ctypes.CDLL(None).prctl({GET_DUMPABLE}, 0, 0, 0, 0)); sys.exit()\n"
        "sys.meta_path.insert(0, Told())\n"
        "entry.main()\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )

    assert told.stdout == ";0\n"


def test_what_a_command_writes_is_its_owners_alone(tmp_path: Path) -> None:
    """Also in a home that others may look into, and whatever the shell allows."""
    tmp_path.chmod(0o755)
    path = tmp_path / "file"
    code = (
        "import os, sys; os.umask(0o022); from bot.__main__ import main\n"
        f"path, sys.argv = {str(path)!r}, ['peak-ops', '--version']\n"
        "try: main()\nfinally: open(path, 'w').close()\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    assert path.stat().st_mode & 0o777 == 0o600
