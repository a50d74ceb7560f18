"""The least that the same libraries cost in a process of their own: what our figures are compared with."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

BOLT = "import slack_bolt; slack_bolt.App(signing_secret='none', authorize=lambda **_: None)"
CCXT = "import ccxt; ccxt.kraken()"
SESSION = "import trading.process, trading.preview"
READ_A_TABLE = "import sqlmodel, pydantic, typer"


@dataclass(frozen=True, slots=True)
class Bare:
    """A process that has loaded something, and how long that took from its start."""

    pid: int
    ready_s: float


@contextmanager
def loaded(code: str, environ: Mapping[str, str]) -> Iterator[Bare]:
    """Run a process that loads this and then waits."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\ninput()"],
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError(f"{code!r} could not be run")
        yield Bare(process.pid, time.perf_counter() - began)
    finally:
        process.kill()
        process.communicate()


def whole_process_s(code: str, environ: Mapping[str, str]) -> float:
    """Run a process that loads this and ends."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=dict(environ), check=True)
    return time.perf_counter() - began
