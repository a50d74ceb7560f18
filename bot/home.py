"""Where a home folder is, and what a running bot leaves in it for others; needs no library to be loaded."""

from collections.abc import Mapping
from pathlib import Path

HOME = Path("var")


def home_in(environ: Mapping[str, str]) -> Path:
    """The home folder, absolute, whatever else in the environment is wrong: a halt waits for nothing."""
    named = environ.get("PEAK_OPS_HOME", "").strip()
    return (Path(named) if named else HOME).absolute()


def ready_note(home: Path) -> Path:
    """Who runs here, written once that bot is ready."""
    return home / "run" / "bot.json"


def status_socket(home: Path) -> Path:
    """Where the running bot tells the desk's status."""
    return home / "run" / "bot.sock"
