"""How a strategy is found, made and asked."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from tests.trading.given import D, candles_of
from trading.candles import Candle
from trading.errors import BadAmount, BadStrategy, BadTarget
from trading.strategies.ma_crossover import MaCrossover
from trading.strategies.momentum import Momentum
from trading.strategy import SHIPPED, load, target_of


@dataclass(frozen=True)
class Fixed:
    """Answers what it was told to, and remembers nothing."""

    answer: object
    lookback: int = 3
    name: str = "fixed"

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """Give the fixed answer."""
        return self.answer  # type: ignore[return-value]


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a file that can be imported as `desk_strategies`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "desk_strategies.py"
    sys.modules.pop("desk_strategies", None)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_every_shipped_strategy_is_found_by_its_name(name: str) -> None:
    """And knows the name it is found by."""
    assert load(name).name == name


def test_parameters_come_as_text_and_are_typed() -> None:
    """As the configuration and the stored plan hold them."""
    assert load("ma_crossover", parameters=(("fast", "3"), ("slow", "8"))) == MaCrossover(3, 8)
    assert load("momentum", parameters={"threshold_pct": "1.5"}) == Momentum(12, D("1.5"))


@pytest.mark.parametrize("text", ["", "3.5", "-3", "1e3", "three", "３", "9" * 40])
def test_a_parameter_that_is_no_whole_number_is_refused(text: str) -> None:
    """It is named with what it was."""
    with pytest.raises(BadStrategy, match=r"fast is .* whole number"):
        load("ma_crossover", parameters={"fast": text})


def test_a_decimal_parameter_is_read_like_any_amount() -> None:
    """NaN included."""
    with pytest.raises(BadAmount):
        load("momentum", parameters={"threshold_pct": "NaN"})


def test_an_unknown_parameter_is_refused_with_those_known() -> None:
    """A typing error must not run with the default."""
    with pytest.raises(BadStrategy, match=r"no parameter 'fats'; it knows fast, slow"):
        load("ma_crossover", parameters={"fats": "3"})


def test_an_unknown_strategy_is_refused_with_those_shipped() -> None:
    """The refusal says what there is."""
    with pytest.raises(BadStrategy, match="ma_crossover, momentum, rsi_reversion"):
        load("moon_shot")


def test_a_strategy_of_the_desk_is_loaded_by_its_path(own_module: Path) -> None:
    """module:Class, with typed parameters like those shipped."""
    own_module.write_text(
        "from __future__ import annotations\n"
        "from decimal import Decimal\n"
        "class Half:\n"
        "    name, lookback = 'half', 1\n"
        "    def __init__(self, share: Decimal = Decimal('0.5'), note: str = '') -> None:\n"
        "        self.share, self.note = share, note\n"
        "    def target(self, candles):\n"
        "        return self.share\n"
    )

    strategy = load("half", "desk_strategies:Half", {"share": "0.25", "note": "a quarter"})

    assert target_of(strategy, candles_of([1])) == D("0.25")


@pytest.mark.parametrize(
    ("source", "class_path", "why"),
    [
        ("", "desk_strategies:Absent", "importing it raised AttributeError"),
        ("", "desk_absent:Absent", "importing it raised ModuleNotFoundError"),
        ("def (", "desk_strategies:X", "importing it raised SyntaxError"),
        ("1 / 0", "desk_strategies:X", "importing it raised ZeroDivisionError"),
        ("X = 3", "desk_strategies:X", "is not a class"),
        (
            "class X:\n    def __init__(self): raise OSError('no disk')",
            "desk_strategies:X",
            "making it raised OSError",
        ),
        ("class X:\n    name = 'x'", "desk_strategies:X", "making it raised AttributeError"),
        (
            "class X:\n    lookback = 0\n    def target(self, c): ...",
            "desk_strategies:X",
            "lookback of at least one",
        ),
        ("class X:\n    lookback = 3", "desk_strategies:X", "needs a target"),
        ("", "desk_strategies.X", "not of the form module:Class"),
        ("", "os:system('x')", "not of the form module:Class"),
    ],
)
def test_a_strategy_that_cannot_be_made_is_refused_with_its_reason(
    own_module: Path, source: str, class_path: str, why: str
) -> None:
    """Whatever its code does, the error is ours."""
    own_module.write_text(source)

    with pytest.raises(BadStrategy, match=why):
        load("own", class_path)


def test_a_parameter_of_another_type_cannot_be_set(own_module: Path) -> None:
    """Floats stay out."""
    own_module.write_text("class X:\n    lookback = 1\n    def __init__(self, share: float = 1.0): ...\n")

    with pytest.raises(BadStrategy, match="only int, Decimal and str"):
        load("own", "desk_strategies:X", {"share": "0.5"})


@pytest.mark.parametrize("answer", [D(0), D("0.5"), D(1)])
def test_a_target_from_0_to_1_is_taken(answer: Decimal) -> None:
    """Both ends included."""
    assert target_of(Fixed(answer), candles_of([1, 2, 3])) == answer


@pytest.mark.parametrize(
    "answer",
    [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        D("1.01"),
        D("-0.01"),
        Decimal("1e9"),
        1,
        0.5,
        "1",
        None,
        True,
    ],
)
def test_any_other_target_is_refused(answer: object) -> None:
    """NaN, 1e9 and floats send nothing."""
    with pytest.raises(BadTarget, match="fixed answered"):
        target_of(Fixed(answer), candles_of([1, 2, 3]))


def test_a_strategy_sees_exactly_its_lookback() -> None:
    """So that what it decides cannot hang on how much history there happens to be."""
    seen: list[Sequence[Candle]] = []

    class Watching(Fixed):
        def target(self, candles: Sequence[Candle]) -> Decimal:
            seen.append(candles)
            return D(1)

    series = candles_of([1, 2, 3, 4, 5])

    target_of(Watching(D(1)), series)

    assert seen == [tuple(series[-3:])]
