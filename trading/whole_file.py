"""A file that is there whole or not at all, for its owner alone, whatever happens while it is written."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write the file beside its place, have it survive a power cut, and put it there; raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        file = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(file, "w", encoding="utf-8", errors="surrogatepass", newline="") as writing:
            writing.writelines(parts)
            writing.flush()
            os.fsync(writing.fileno())
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """Have the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
