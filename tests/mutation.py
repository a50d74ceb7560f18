"""Each small change of `approvals/` against the tests that reach it: `python -m tests.mutation [file ...]`.

mutmut makes the mutants. Here each is put in the place of the real code and the tests are called, all in one
process: nothing is forked, imported or collected again, which would cost more than the tests do.
"""

import importlib
import inspect
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents

from bot.database import Database
from tests.approvals import conftest, test_columns, test_in_force

ROOT = Path(__file__).parent.parent
EXPLAINED = ROOT / "docs" / "mutation.md"
# Files in which no unexplained change may survive; of the others it is told.
SETTLED = {
    *("anchors", "audit", "events", "factor", "grant", "in_force", "payload"),
    *("person", "policy", "quorum", "request", "verify"),
    *("audit_store", "columns", "errors", "factor_store", "rows", "store"),
}
# The random walks, the many processes and this sample itself judge nothing: one mutant would take a minute.
TOO_LONG = {"test_properties", "test_store_together", "test_mutants"}
ENDLESS_S = 20  # of the processor's time
MEMORY = Path("/dev/shm")  # a mutant need not reach the disk


@dataclass(frozen=True)
class Mutant:
    """A function with one small change."""

    name: str
    function: FunctionType
    made: FunctionType
    source: str

    @property
    def change(self) -> str:
        """What was put in, on one line; what was taken out when nothing was put in."""
        lines = get_diff_for_mutant(self.name, self.source, "").splitlines()[2:]
        put_in = [line[1:].strip() for line in lines if line.startswith("+")]
        return " ".join(put_in or [f"without {line[1:].strip()}" for line in lines if line.startswith("-")])


@dataclass(frozen=True)
class Case:
    """One test with its parameters, and what it wants to be handed."""

    test: Callable[..., None]
    given: dict[str, object]
    wants: tuple[str, ...]

    def passes(self) -> bool:
        """Whether the test sees nothing wrong; one that never ends does."""
        signal.setitimer(signal.ITIMER_VIRTUAL, ENDLESS_S)
        try:
            with ExitStack() as stack:
                handed = {name: stack.enter_context(HANDED[name]()) for name in self.wants}
                self.test(**self.given, **handed)
        except (Exception, pytest.fail.Exception, Endless):
            return False
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return True


class Endless(BaseException):
    """A mutant has made a test run on and on."""


def functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Each function of a module, each method and each property, by its name."""
    for found in list(vars(module).values()):  # a warning adds to them
        if getattr(found, "__module__", None) != module.__name__:
            continue
        for member in vars(found).values() if inspect.isclass(found) else [found]:
            plain = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if isinstance(plain, FunctionType) and plain.__code__.co_filename == module.__file__:
                yield plain.__qualname__, plain


def mutants(function: FunctionType) -> Iterator[Mutant]:
    """Each mutant of a function."""
    lines = dedent(inspect.getsource(function)).splitlines(keepends=True)
    plain = "".join(lines[next(number for number, line in enumerate(lines) if line.startswith("def ")) :])
    source = mutate_file_contents("", plain).code
    made = dict(function.__globals__)
    exec(compile(source, function.__code__.co_filename, "exec"), made)
    for name, value in made.items():
        if not name.startswith(f"x_{function.__name__}__mutmut_") or not name.rpartition("_")[2].isdigit():
            continue
        if value.__code__.co_freevars == function.__code__.co_freevars:  # else it needs its class: super()
            yield Mutant(name, function, value, source)


def cases(module: ModuleType) -> Iterator[Case]:
    """Each test of a file, with each of its parameters."""
    for name, test in vars(module).items():
        if name.startswith("test_"):
            rows = [mark.args[:2] for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            wants = set() if hasattr(test, "hypothesis") else set(inspect.signature(test).parameters)
            for given in _combined(rows):
                yield Case(test, given, tuple(wants - given.keys()))


def _combined(rows: list[tuple[Any, Any]]) -> Iterator[dict[str, object]]:
    if not rows:
        yield {}
        return
    (names, values), *others = rows
    for value in values:
        mine = {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))
        for rest in _combined(others):
            yield mine | rest


def survives(mutant: Mutant, judges: list[Case]) -> bool:
    """Whether no test fails with the mutant in the place of the real code."""
    function = mutant.function
    real = {name: getattr(function, name) for name in ("__code__", "__defaults__", "__kwdefaults__")}
    for name in real:
        setattr(function, name, getattr(mutant.made, name))
    try:
        return all(case.passes() for case in judges)
    finally:
        for name, kept in real.items():
            setattr(function, name, kept)


def is_explained(change: str) -> bool:
    """Whether docs/mutation.md tells why no test can see this change."""
    return f"`{change}`" in EXPLAINED.read_text().replace(r"\|", "|")


def reaching(judges: list[Case]) -> dict[CodeType, list[Case]]:
    """Which tests run which code, the quickest first; raises AssertionError for one that fails anyhow."""
    reached: dict[CodeType, list[tuple[float, Case]]] = {}
    for case in judges:
        seen: set[CodeType] = set()

        def note(frame: FrameType, event: str, _: object, seen: set[CodeType] = seen) -> None:
            if event == "call":
                seen.add(frame.f_code)

        began = time.process_time()
        sys.setprofile(note)
        try:
            assert case.passes(), f"{case.test.__module__}.{case.test.__name__} fails without any change"
        finally:
            sys.setprofile(None)
        for code in seen:
            reached.setdefault(code, []).append((time.process_time() - began, case))
    return {code: [case for _, case in sorted(found, key=itemgetter(0))] for code, found in reached.items()}


def main(names: list[str]) -> int:
    """Tell who survives; fails when that is not explained, in a file where all was."""
    signal.signal(signal.SIGVTALRM, _end)
    files = sorted((ROOT / "tests" / "approvals").glob("test_*.py"))
    judges = [
        case
        for file in files
        if file.stem not in TOO_LONG
        for case in cases(importlib.import_module(f"tests.approvals.{file.stem}"))
    ]
    reached = reaching(judges)
    score: Counter[str] = Counter()
    broken = False
    for file in names or sorted(path.stem for path in (ROOT / "approvals").glob("[a-z]*.py")):
        for name, function in functions(importlib.import_module(f"approvals.{file}")):
            for mutant in mutants(function):
                verdict = _verdict(f"{file}.py {name}", mutant, reached.get(function.__code__, []))
                score[verdict] += 1
                broken |= verdict == "not explained" and file in SETTLED
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(score.items()))
    _tell(f"{told}; {len(judges)} tests, {time.process_time():.0f} s of the processor's time")
    return 1 if broken or not score["killed"] else 0


def _verdict(where: str, mutant: Mutant, judges: list[Case]) -> str:
    if not survives(mutant, judges):
        return "killed"
    verdict = "explained" if is_explained(mutant.change) else "not explained"
    _tell(f"{verdict}: {where}{'' if judges else ' (no test)'}: {mutant.change}")
    return verdict


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end(*_: object) -> None:
    raise Endless


@contextmanager
def _empty_database() -> Iterator[Database]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        database = Database(f"sqlite:///{folder}/peak-ops.db")
        try:
            yield database
        finally:
            database.close()


@contextmanager
def _with(fixture: Any) -> Iterator[Any]:
    """What a fixture of the tests makes of an empty database."""
    with _empty_database() as empty:
        made = fixture.__wrapped__(empty)
        if isinstance(made, Iterator):
            yield from made
        else:
            yield made


HANDED: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "empty_database": _empty_database,
    "database": partial(_with, conftest.database),
    "session": partial(_with, test_in_force.session),
    "connection": partial(_with, test_columns.connection),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
