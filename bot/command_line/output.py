"""What a command prints: one JSON document, or words and tables for a person; and how it ends."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

from approvals.errors import ApprovalError
from bot.errors import BotError
from trading.errors import TradingError


class Exit(IntEnum):
    """The exit codes that a program can rely on."""

    DONE = 0
    CHECK_SAID_NO = 1
    WRONG_USE = 2
    REFUSED = 3
    UNKNOWN = 4


# What somebody copies into the next command stays on one line, whatever the width.
WHOLE = frozenset({"id", "venue id"})
PIPE_WIDTH = 10_000


def readable(text: str) -> str:
    """A text without what a terminal would act on: people, venues and strategies write some of it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def plain_value(value: Any) -> Any:
    """A value as JSON: amounts and times as text, dataclasses as objects."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_value(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_value(item) for item in value]
    return str(value)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's result goes; with `as_json` exactly one document goes to standard output."""

    as_json: bool = False

    def show(self, document: Any, lines: Sequence[str]) -> None:
        """Print the document, or the lines for a person."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain_value(document), indent=2) + "\n")
            return
        for line in lines:
            sys.stdout.write(readable(line) + "\n")

    def say(self, sentence: str, **facts: Any) -> None:
        """What somebody waits for, said as soon as it is so; with `as_json` its facts, on one line."""
        lines = [json.dumps(plain_value(facts))] if self.as_json else map(readable, sentence.splitlines())
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    def table(
        self, document: Any, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        """Print the document, or a table for a person."""
        if self.as_json:
            self.show(document, ())
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column, overflow="fold", no_wrap=column in WHOLE)
        for row in rows:
            table.add_row(*(Text("-" if cell is None else readable(str(cell))) for cell in row))
        # A pipe has no width: what reads it gets every row on one line.
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        Console(width=width).print(table if rows else f"{title}: none")


def complain(sentence: str) -> None:
    """Say what is wrong, where it cannot be taken for a result."""
    sys.stderr.write(readable(sentence) + "\n")


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far long work has come, where a person looks on; what it yields takes what was done since."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total or None)
        yield lambda done: bar.advance(task, done)


@contextmanager
def told() -> Iterator[None]:
    """Turn our own errors and the system's into one sentence and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read us has read enough
    except (BotError, TradingError, ApprovalError) as error:
        complain(str(error))
        raise SystemExit(Exit.WRONG_USE) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}. Is PEAK_OPS_HOME right, and are you the desk's user?")
        raise SystemExit(Exit.WRONG_USE) from None
