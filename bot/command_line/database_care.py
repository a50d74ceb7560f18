"""`peak-ops db`: the database made, copied, and put back."""

from pathlib import Path
from typing import Annotated

import typer

from bot.command_line.acting import somebody
from bot.command_line.looking import Json, here, read_here
from bot.command_line.output import Exit, Output, complain, progress, told

db = typer.Typer(help="The database.", no_args_is_help=True)


@db.command("upgrade")
def upgrade(as_json: Json = False) -> None:
    """Make the home and its database, and bring the tables to this program's revision."""
    installation = read_here()
    with told():
        installation.begin()
        revision = installation.database.require_current()
    Output(as_json).show({"revision": revision}, [f"The tables are at revision {revision}."])


@db.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="Written whole or not at all.")], as_json: Json = False
) -> None:
    """Copy the database into a file, while the bot works; a server's is copied by its own tools."""
    from bot.restoring import back_up

    installation = here()
    with told(), progress("copying the database", _pages(installation.database.path)) as walked:
        head = back_up(installation, file, walked)
    document = {
        "file": str(file.absolute()),
        "bytes": file.stat().st_size,
        "head": head and {"sequence": head.sequence, "hash": head.hash},
    }
    Output(as_json).show(document, [f"Copied to {file}; its record ends with {head or 'no row'}."])


@db.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A copy that db backup has made.")], as_json: Json = False
) -> None:
    """Put a copy in the place of the database, halted; exit 3 while a bot is at work."""
    from bot.restoring import DeskAtWork
    from bot.restoring import restore as put_back

    installation = read_here()
    with told():
        try:
            with progress("copying the database", _pages(file)) as walked:
                restored = put_back(installation, file, somebody(), walked)
        except DeskAtWork as error:
            complain(str(error))
            raise SystemExit(Exit.REFUSED) from None
    document = {
        "halted": True,
        "head": restored.head and {"sequence": restored.head.sequence, "hash": restored.head.hash},
        "replaced": restored.replaced and str(restored.replaced),
        "void": list(restored.void),
    }
    kept = (
        f"The replaced one is kept as {restored.replaced}." if restored.replaced else "There was none before."
    )
    void = ", ".join(restored.void) or "none"
    lines = [
        f"Restored from {file}; the record ends with {restored.head}. {kept}",
        f"Requests that are void now: {void}. Codes that were used until now are not taken again.",
        "HALTED. Start the bot, compare with the venue, then two people clear it with /peak rearm <reason>.",
    ]
    Output(as_json).show(document, lines)


def _pages(path: Path | None) -> int:
    return path.stat().st_size // 4_096 if path is not None and path.exists() else 0
