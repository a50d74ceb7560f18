"""The house: who may import whom, how large a room may be, who may look at the clock."""

import ast
import re
import subprocess
import sys
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
    "pyotp": ("approvals/factor.py",),
    "cryptography": ("approvals/factor.py",),
}

# The bot proper reads the clock in one file; the local exchange is a program of its own.
CLOCK_READERS = ("bot/clock.py", "trading/practice_exchange/__main__.py")
WALL_CLOCK = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "time_ns", "gmtime", "localtime", "ctime", "asctime", "strftime")),
    "sqlalchemy.func.now",
    "sqlalchemy.func.current_timestamp",
    "sqlmodel.func.now",
    "sqlmodel.func.current_timestamp",
}

# Rooms of the bot that must not know of Slack, and pure ones that must not know of the world.
NO_SLACK = "bot/operations/"
PURE = "bot/views/"
IMPURE = (
    "sqlalchemy",
    "sqlmodel",
    "httpx",
    "slack_sdk.web",
    "slack_sdk.WebClient",
    "threading",
    "time",
    "os",
)
IMPURE_OF_OURS = ("bot.storage", "bot.database", "bot.clock", "bot.operations", "bot.listeners")
# The bot's own process stays small and forks cleanly: others import these.
NOT_IN_THE_BOT = ("matplotlib", "polars", "apprise", "pandas")

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


def within(module: str, package: str) -> bool:
    """Whether a module is a package or lies in it: `approvals.grants` is not in `approvals.grant`."""
    return module == package or module.startswith(f"{package}.")


def clock_reads(source: str) -> Iterator[tuple[int, str]]:
    """Every mention of what reads the wall clock, by whatever name it was imported, called or handed on."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            base, _, rest = ast.unparse(node).partition(".")
            meant = ".".join(part for part in (known.get(base, ""), rest) if part)
            if base in known and meant in WALL_CLOCK:
                yield node.lineno, meant


FILES = python_files(*PACKAGES)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_inwards(path: Path) -> None:
    """approvals <- trading <- bot, and nothing the other way."""
    home = path.relative_to(ROOT).parts[0]
    for module in imports(path):
        other = module.split(".")[0]
        if other in PACKAGES and other != home:
            assert any(within(module, allowed) for allowed in ALLOWED[home]), (
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
    for number, what in clock_reads(path.read_text("utf-8")):
        raise AssertionError(f"{name_of(path)}:{number} reads the wall clock with {what}")


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nfield(default_factory=datetime.now)",
        "from datetime import datetime as dt\ndt.now(UTC)",
        "import datetime\nclock = datetime.datetime.now",
        "from time import time\nx = time()",
        "import time\ntime.gmtime()",
        "import time as t\nt.strftime('%H')",
        "from sqlalchemy import func\nfunc.now()",
    ],
)
def test_the_clock_is_found_by_any_name(source: str) -> None:
    """Renamed, handed on uncalled, or asked of the database."""
    assert list(clock_reads(source))


def test_measuring_reads_no_wall_clock() -> None:
    """Monotonic time is free, and so is a `now` that was handed in."""
    source = "import time\nfrom datetime import datetime\ntime.monotonic()\nnow = datetime.fromisoformat(now)"
    assert list(clock_reads(source)) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_operations_know_no_slack_and_views_nothing_but_data(path: Path) -> None:
    """What decides could be asked from a shell; what draws needs nothing that could fail or wait."""
    name = name_of(path)
    for module in imports(path):
        if name.startswith(NO_SLACK):
            assert module.split(".")[0] not in ("slack_sdk", "slack_bolt"), f"{name} imports {module}"
        if name.startswith(PURE):
            forbidden = (*IMPURE, *IMPURE_OF_OURS)
            assert not any(within(module, each) for each in forbidden), f"{name} imports {module}"


def test_the_bot_starts_without_the_heavy_libraries() -> None:
    """A process that has run them is large, and its children may hang."""
    look = f"import sys, bot.running; print([m for m in {NOT_IN_THE_BOT!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


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
