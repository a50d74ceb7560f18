"""What a benchmark gives, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; a `target` is the most it may be, a `baseline` what it is compared with."""

    name: str
    value: float
    unit: str
    target: float | None = None
    baseline: float | None = None

    @property
    def met(self) -> bool:
        """Whether the value keeps to its target; without one it always does."""
        return self.target is None or self.value <= self.target


def table(figures: Sequence[Figure]) -> None:
    """Print the figures, those that miss their target marked in words."""
    shown = Table(title="Figures", title_justify="left")
    for heading in ("figure", "value", "unit", "at most", "baseline", ""):
        shown.add_column(heading, justify="left" if heading in ("figure", "unit", "") else "right")
    for figure in figures:
        shown.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            _number(figure.target),
            _number(figure.baseline),
            "" if figure.target is None else "met" if figure.met else "MISSED",
        )
    Console().print(shown)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
