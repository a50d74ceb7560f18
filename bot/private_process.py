"""Starting a process of ours that is told its secrets in private."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parent.parent


def start_private(
    words: Sequence[str],
    environ: Mapping[str, str],
    told: Mapping[str, object],
    output: IO[bytes] | int,
    errors: int = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Start `python -m` with these words in a session of its own; it reads what it is told from its input.

    An environment can be read and a pipe be opened by others while a process starts; a socket cannot.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", *words],
            env=dict(environ),
            cwd=PROJECT,
            stdin=theirs.fileno(),
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        theirs.close()  # the last copy is the child's own: should it end at once, we hear of it
        with suppress(OSError):
            ours.sendall(json.dumps(told).encode())
    return process
