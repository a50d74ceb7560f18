"""The house: who may import whom, how large a room may be, who may look at the clock."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
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
    "polars": ("trading/candle_store.py", "trading/candle_files.py"),
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


@cache
def tree_of(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module a file imports, with `from a import b` given as a.b."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(tree_of(path)):
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


def clock_reads(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every mention of what reads the wall clock, by whatever name it was imported, called or handed on."""
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


OURS = python_files(*PACKAGES)
ALL = [*OURS, *python_files("tests")]


def test_imports_point_inwards() -> None:
    """approvals <- trading <- bot, and nothing the other way."""
    for path in OURS:
        home = path.relative_to(ROOT).parts[0]
        for module in imports(path):
            other = module.split(".")[0]
            if other in PACKAGES and other != home:
                allowed = any(within(module, each) for each in ALLOWED[home])
                assert allowed, f"{name_of(path)} imports {module}"


def test_each_library_stays_in_its_rooms() -> None:
    """Slack's, the exchange's and the scheduler's libraries are used where the house says."""
    for path in OURS:
        for module in imports(path):
            rooms = LIBRARY_ROOMS.get(module.split(".")[0], ("",))
            assert name_of(path).startswith(rooms), f"{name_of(path)} imports {module}"


def test_one_file_reads_the_clock() -> None:
    """Time is handed in; only the clock's own file asks the machine."""
    for path in OURS:
        if name_of(path) not in CLOCK_READERS:
            for number, what in clock_reads(tree_of(path)):
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
    assert list(clock_reads(ast.parse(source)))


def test_measuring_reads_no_wall_clock() -> None:
    """Monotonic time is free, and so is a `now` that was handed in."""
    source = "import time\nfrom datetime import datetime\ntime.monotonic()\nnow = datetime.fromisoformat(now)"
    assert list(clock_reads(ast.parse(source))) == []


def test_operations_know_no_slack_and_views_nothing_but_data() -> None:
    """What decides could be asked from a shell; what draws needs nothing that could fail or wait."""
    for path in OURS:
        name = name_of(path)
        forbidden: tuple[str, ...] = ()
        if name.startswith(NO_SLACK):
            forbidden = ("slack_sdk", "slack_bolt")
        elif name.startswith(PURE):
            forbidden = (*IMPURE, *IMPURE_OF_OURS)
        for module in imports(path):
            assert not any(within(module, each) for each in forbidden), f"{name} imports {module}"


@pytest.mark.parametrize("process", ["bot.running", "bot.gateway_process", "trading.forkserver"])
def test_what_runs_long_starts_without_the_heavy_libraries(process: str) -> None:
    """A process that has run them is large, and its children may hang."""
    look = f"import sys, {process}; print([m for m in {NOT_IN_THE_BOT!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_rooms_stay_small() -> None:
    """A file of more than 400 lines or a function of more than 70 is two things."""
    for path in ALL:
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= LINES_PER_FILE_MAX, f"{name_of(path)} has {lines} lines"
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                where = f"{name_of(path)}:{node.lineno} {node.name}"
                assert length <= LINES_PER_FUNCTION_MAX, f"{where} has {length} lines"


def test_names_say_what_is_inside() -> None:
    """A drawer called utils is where things go to be forgotten."""
    for path in ALL:
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
