"""Checks that answer in words, before a start and while running."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter


class Verdict(StrEnum):
    """How a check came out."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    WARNED = "WARNED"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `advice` is what to do about it."""

    verdict: Verdict
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A finding with the name of its check and the time it took."""

    name: str
    verdict: Verdict
    detail: str
    duration_ms: int
    advice: str = ""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Several checks and the verdict over all: a warning passes, a report without any check does not."""

    verdict: Verdict
    checks: tuple[Check, ...]

    @classmethod
    def of(cls, checks: Iterable[Check]) -> "HealthReport":
        """The report over checks that were made, wherever each of them ran."""
        made = tuple(checks)
        broken = not made or any(check.verdict is Verdict.FAILED for check in made)
        return cls(Verdict.FAILED if broken else Verdict.PASSED, made)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return self.verdict is Verdict.PASSED

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAILED)

    @property
    def warned(self) -> tuple[Check, ...]:
        """The checks that passed with a warning."""
        return tuple(check for check in self.checks if check.verdict is Verdict.WARNED)

    @property
    def in_short(self) -> str:
        """The verdict and the names of the checks behind it, in one line."""
        broken = ", ".join(check.name for check in self.failed)
        counted = f"{self.verdict}: {len(self.checks)} checks"
        return f"{counted}, failed: {broken}" if broken else counted


def passed(detail: str) -> Finding:
    """It is as it should be."""
    return Finding(Verdict.PASSED, detail)


def failed(detail: str, advice: str) -> Finding:
    """It is not, and this is what to do."""
    return Finding(Verdict.FAILED, detail, advice)


def warned(detail: str, advice: str) -> Finding:
    """It will do for now, and this is what to do."""
    return Finding(Verdict.WARNED, detail, advice)


def run_checks(probes: Iterable[tuple[str, Callable[[], Finding]]]) -> HealthReport:
    """Make every check in turn; one that raises has failed, with the error's sentence."""
    return HealthReport.of([_run(name, probe) for name, probe in probes])


def _run(name: str, probe: Callable[[], Finding]) -> Check:
    begun = perf_counter()
    try:
        finding = probe()
    except Exception as error:
        sentence = str(error) or "nothing more is known"
        finding = failed(f"{type(error).__name__}: {sentence}", "Look into logs/peak-ops.log.")
    duration_ms = round((perf_counter() - begun) * 1000)
    return Check(name, finding.verdict, finding.detail, duration_ms, finding.advice)
