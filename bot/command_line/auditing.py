"""`peak-ops audit`: the record followed row by row, and written to a file that anybody can follow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.command_line.looking import Json, here
from bot.command_line.output import Exit, Output, complain, progress, told

audit = typer.Typer(help="The hash-chained record.", no_args_is_help=True)


@audit.command("verify")
def verify_audit(
    as_json: Json = False,
    file: Annotated[Path | None, typer.Argument(help="An export; without it the database.")] = None,
    anchor: Annotated[
        str, typer.Option(help="A head as a health report shows it, 214:9f1c0d2e3b4a; compared too.")
    ] = "",
) -> None:
    """Follow the whole chain, and compare it with the heads noted in the home; exit 1 when a row is bad."""
    from approvals.audit import Head
    from approvals.errors import AnchorUnusable, EntryUnusable

    try:
        noted = [Head.parse(anchor)] if anchor else []
        verdict, compared = _verified_export(file, noted) if file else _verified_database(noted)
    except AnchorUnusable as error:
        complain(str(error))
        raise SystemExit(Exit.CHECK_SAID_NO) from None
    except EntryUnusable as error:
        complain(str(error))
        raise SystemExit(Exit.WRONG_USE) from None
    except OSError as error:
        complain(f"The record cannot be read: {error}")
        raise SystemExit(Exit.WRONG_USE) from None
    document = {
        "rows": verdict.rows,
        "head": verdict.head and {"sequence": verdict.head.sequence, "hash": verdict.head.hash},
        "ok": verdict.ok,
        "first_bad": verdict.first_bad,
        "why": verdict.why,
        "anchors": compared,
    }
    word = "whole" if verdict.ok else f"BROKEN at row {verdict.first_bad}: {verdict.why}"
    against = f"; heads compared with: {compared}" if compared else ""
    Output(as_json).show(document, [f"{verdict.rows} rows, head {verdict.head or 'none'}: {word}{against}"])
    if not verdict.ok:
        raise SystemExit(Exit.CHECK_SAID_NO)


def _verified_database(noted: list[Any]) -> tuple[Any, int]:
    """The verdict over the database, against every head that this home has noted."""
    from bot.anchor_file import AnchorFile

    installation = here()
    anchors = AnchorFile(installation.environment.home_folder, installation.keys.record).read()
    heads = [*(anchor.head for anchor in anchors if anchor.sequence), *noted]
    with installation.storage().reading() as tx:
        newest = tx.audit.head()
        with progress("following the record", newest.sequence if newest else 0) as walked:
            return tx.audit.verify(heads, walked), len(heads)


def _verified_export(file: Path, noted: list[Any]) -> tuple[Any, int]:
    """The verdict over an exported file, without touching the database or the home."""
    from approvals.verify import verify_export
    from bot.installation import read_keys
    from bot.settings import Environment

    with told():
        environment = Environment.from_environ()
    key = read_keys(environment).record if environment.secret_key else None
    # What is no text is a bad row.
    with file.open(encoding="utf-8", errors="surrogateescape") as lines, _counted(lines, file) as counted:
        return verify_export(counted, key, noted), len(noted)


@contextmanager
def _counted(lines: Iterator[str], file: Path) -> Iterator[Iterator[str]]:
    """The lines of a file, and how far they are read."""
    with progress("following the export", file.stat().st_size) as read:

        def counted() -> Iterator[str]:
            for line in lines:
                yield line
                read(len(line))

        yield counted()


@audit.command("export")
def export_audit(
    as_json: Json = False,
    file: Annotated[
        Path | None, typer.Argument(help="Written whole or not at all; without it the record is printed.")
    ] = None,
) -> None:
    """Write the record as JSON lines, for `audit verify FILE`; printed with --json as one list of rows."""
    from trading.whole_file import write_whole

    installation = here()
    with installation.storage().reading() as tx:
        newest = tx.audit.head()
        if file is None and as_json:
            Output(as_json).show(list(tx.audit.entries()), ())
            return
        if file is None:
            for line in _lines(tx, installation, lambda count: None):
                typer.echo(line, nl=False)
            return
        with told(), progress("writing the record", newest.sequence if newest else 0) as walked:
            write_whole(file, _lines(tx, installation, walked))
    rows = newest.sequence if newest else 0
    head = newest and {"sequence": newest.sequence, "hash": newest.hash}
    document = {"file": str(file.absolute()), "rows": rows, "head": head}
    Output(as_json).show(document, [f"{rows} rows, head {newest or 'none'}: written to {file}"])


def _lines(tx: Any, installation: Any, walked: Callable[[int], None]) -> Iterator[str]:
    """Every row, and at last a signed line that names the newest: without it the end could be cut off."""
    from approvals.anchors import Anchor
    from approvals.audit import Entry

    head = None
    for row in tx.audit.rows(walked=walked):
        entry = Entry(*row)
        head = entry.head
        yield f"{entry.as_line()}\n"
    yield f"{Anchor.of(head, 'export', tx.now, installation.keys.record).as_line()}\n"
