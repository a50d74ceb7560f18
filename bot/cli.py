"""`peak-ops`: the desk from a shell. What needs two persons cannot be done from here; stopping can."""

import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from bot.command_line import (
    acting,
    auditing,
    candles,
    database_care,
    doctor,
    drilling,
    enrolling,
    looking,
    session_control,
    trying,
)
from bot.command_line.output import Exit, told

app = typer.Typer(
    name="peak-ops",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"peak-ops {version('peak-ops')}")
        raise typer.Exit


@app.callback(help=__doc__)
def peak_ops(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Tell the version.")
    ] = False,
) -> None:
    """What stands before any command."""


app.command()(acting.run)
app.command()(acting.demo)
app.command()(doctor.doctor)
app.command()(acting.manifest)
app.command()(looking.status)
app.command()(acting.kill)
app.command()(acting.health)
app.command()(acting.readiness)
app.command()(trying.smoke)
app.command()(trying.selftest)
app.command()(acting.orders)
app.command()(enrolling.enrol)
looking.sessions.command("start")(session_control.start_session)
looking.sessions.command("pause")(session_control.pause_session)
looking.sessions.command("resume")(session_control.resume_session)
app.add_typer(looking.sessions, name="sessions")
app.add_typer(looking.approvals, name="approvals")
app.add_typer(looking.alerts, name="alerts")
app.add_typer(looking.risk, name="risk")
app.add_typer(auditing.audit, name="audit")
app.add_typer(drilling.drill, name="drill")
app.add_typer(database_care.db, name="db")
app.add_typer(candles.candles, name="candles")


def obey(words: list[str] | None = None) -> NoReturn:
    """Carry out a command, that of this process's own words by default; ends with SystemExit."""
    with told():
        app(words)
    raise SystemExit(Exit.DONE)


def main() -> None:
    """Run one command; most commands are over before collecting garbage would pay, at their end too."""
    gc.disable()
    try:
        obey()
    finally:
        _flush()
        gc.freeze()


def _flush() -> None:
    """Have everything printed; a reader that has gone, as `head` does, is no error and needs no words."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
