"""A file that is there whole or not at all, for its owner alone, whatever happens while it is written."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Have a file written beside its place, let it survive a power cut, and put it there; raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        file = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(file, "wb") as writing:
            yield writing
            writing.flush()
            os.fsync(writing.fileno())
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    keep_names(path.parent)


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write a text of these parts; raises OSError."""
    with written_whole(path) as writing:
        writing.writelines(part.encode("utf-8", "surrogatepass") for part in parts)


def keep_names(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
