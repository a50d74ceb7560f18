"""The house: who may import whom, how large a room may be, who may look at the clock."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("approvals", "trading", "bot")

LINES_PER_FILE_MAX = 400
LINES_PER_FUNCTION_MAX = 70

# package -> what it may import from the other two.
ALLOWED = {
    "approvals": (),
    "trading": ("approvals.grant", "approvals.columns"),
    "bot": ("approvals", "trading"),
}

# library -> the only places that may import it.
LIBRARY_ROOMS = {
    "slack_bolt": ("bot/",),
    "slack_sdk": ("bot/",),
    "ccxt": ("trading/venues/",),
    "apscheduler": ("bot/scheduler.py",),
}

# The bot proper reads the clock in one file; the local exchange is a program of its own.
CLOCK_READERS = ("bot/clock.py", "trading/practice_exchange/__main__.py")
CLOCK_READ = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?)\(")

TOP_LEVEL_FOLDERS = {"approvals", "bot", "config", "docs", "tests", "trading"}
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|manager|misc|v\d+)(_|\.py$|$)")


def python_files(*tops: str) -> list[Path]:
    """Every Python file below the given folders."""
    return sorted(
        path for top in tops for path in (ROOT / top).rglob("*.py") if "__pycache__" not in path.parts
    )


def name_of(path: Path) -> str:
    """The path as the house writes it."""
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, with `from a import b` given as a.b."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package[: len(package) - node.level + 1], *([node.module] if node.module else [])]
                )
            yield from (f"{base}.{alias.name}" for alias in node.names)


FILES = python_files(*PACKAGES)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_inwards(path: Path) -> None:
    """approvals <- trading <- bot, and nothing the other way."""
    home = path.relative_to(ROOT).parts[0]
    for module in imports(path):
        other = module.split(".")[0]
        if other in PACKAGES and other != home:
            assert module.startswith(ALLOWED[home]) if ALLOWED[home] else False, (
                f"{name_of(path)} imports {module}"
            )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_library_stays_in_its_rooms(path: Path) -> None:
    """Slack's, the exchange's and the scheduler's libraries are used where the house says."""
    for module in imports(path):
        rooms = LIBRARY_ROOMS.get(module.split(".")[0])
        if rooms:
            assert name_of(path).startswith(rooms), f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_file_reads_the_clock(path: Path) -> None:
    """Time is handed in; only the clock's own file asks the machine."""
    if name_of(path) in CLOCK_READERS:
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert not CLOCK_READ.search(line), f"{name_of(path)}:{number} reads the wall clock"


@pytest.mark.parametrize("path", python_files(*PACKAGES, "tests"), ids=name_of)
def test_rooms_stay_small(path: Path) -> None:
    """A file of more than 400 lines or a function of more than 70 is two things."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LINES_PER_FILE_MAX, f"{name_of(path)} is too long"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LINES_PER_FUNCTION_MAX, (
                f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"
            )


@pytest.mark.parametrize("path", python_files(*PACKAGES, "tests"), ids=name_of)
def test_names_say_what_is_inside(path: Path) -> None:
    """A drawer called utils is where things go to be forgotten."""
    for part in path.relative_to(ROOT).parts:
        assert not FORBIDDEN_NAMES.search(part), name_of(path)


def test_the_top_level_is_fixed() -> None:
    """No other package appears beside the three."""
    found = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name not in {"var", "build", "peak_ops.egg-info"}
    }
    assert found <= TOP_LEVEL_FOLDERS, found - TOP_LEVEL_FOLDERS
