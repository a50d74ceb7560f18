"""What a strategy is, and how one is found by its name."""

import hashlib
import importlib
import importlib.machinery
import inspect
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, get_type_hints

from trading.amount import parse_amount
from trading.candles import Candle
from trading.errors import BadStrategy, BadTarget, TradingError

SHIPPED: Mapping[str, str] = {
    "ma_crossover": "trading.strategies.ma_crossover:MaCrossover",
    "momentum": "trading.strategies.momentum:Momentum",
    "rsi_reversion": "trading.strategies.rsi_reversion:RsiReversion",
}

PACKAGES = Path(__file__).resolve().parent.parent
_CLASS_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_WHOLE = re.compile(r"[0-9]{1,9}")


class Strategy(Protocol):
    """Closed candles in, target exposure out: 0 is flat, 1 is the session's whole notional.

    It sees exactly the last `lookback` closed candles, oldest first, so what it decides depends on
    nothing that came before or after them.
    """

    @property
    def name(self) -> str:
        """The name it is known by."""

    @property
    def lookback(self) -> int:
        """How many closed candles a decision needs."""

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """The share of the notional to hold, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """A strategy as configured: its class as `module:Class` and its parameters as text."""

    name: str
    class_path: str
    parameters: tuple[tuple[str, str], ...] = ()


def load(
    name: str,
    class_path: str | None = None,
    parameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    digest: str = "",
) -> Strategy:
    """Make a strategy; without a class path it is one of those shipped. Runs the strategy's own code.

    With a digest its file must still have it. Raises `BadStrategy` for whatever keeps it from being made.
    """
    if digest and source_digest(class_path or SHIPPED.get(name, ""), sys.path) != digest:
        raise BadStrategy(name=name, why=f"the file of {class_path} is not the one that was digested")
    strategy_class = _find(name, class_path or SHIPPED.get(name, ""))
    values = _typed(name, strategy_class, dict(parameters))
    try:
        strategy: Strategy = strategy_class(**values)
        lookback = strategy.lookback
    except TradingError:
        raise
    except Exception as error:
        raise BadStrategy(name=name, why=f"making it raised {type(error).__name__}: {error}") from error
    if not (isinstance(lookback, int) and lookback > 0 and callable(getattr(strategy, "target", None))):
        raise BadStrategy(name=name, why="it needs a target() and a lookback of at least one candle")
    return strategy


def search_path(own: Path) -> tuple[str, ...]:
    """Where strategies are looked for: where this process finds modules, our packages, a folder of one's own.

    Our packages are named because an installation from a checkout puts them on no path: it hooks into the
    import, which nothing that only looks for files goes through.
    """
    return (*(entry or os.getcwd() for entry in sys.path), str(PACKAGES), str(own.resolve()))


def source_digest(class_path: str, search: Sequence[str]) -> str:
    """The digest of a strategy's file, found without running any of it; empty when there is no such file."""
    found = None
    below: Sequence[str] = search
    parts = class_path.partition(":")[0].split(".")
    for depth in range(len(parts)):
        found = importlib.machinery.PathFinder.find_spec(".".join(parts[: depth + 1]), list(below))
        if found is None:
            return ""
        below = list(found.submodule_search_locations or [])
    if found is None or not found.origin or not Path(found.origin).is_file():
        return ""
    return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()


def target_of(strategy: Strategy, candles: Sequence[Candle]) -> Decimal:
    """Ask a strategy for its target; raises `BadTarget` for any answer but a Decimal from 0 to 1."""
    answer: object = strategy.target(tuple(candles[-strategy.lookback :]))
    if not (isinstance(answer, Decimal) and answer.is_finite() and 0 <= answer <= 1):
        raise BadTarget(name=strategy.name, value=answer)
    return answer


def _find(name: str, class_path: str) -> type:
    if not class_path:
        raise BadStrategy(name=name, why=f"no such strategy; those shipped are {', '.join(SHIPPED)}")
    if not _CLASS_PATH.fullmatch(class_path):
        raise BadStrategy(name=name, why=f"{class_path!r} is not of the form module:Class")
    module_name, _, class_name = class_path.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:
        raise BadStrategy(name=name, why=f"importing it raised {type(error).__name__}: {error}") from error
    if not isinstance(found, type):
        raise BadStrategy(name=name, why=f"{class_path} is not a class")
    return found


def _typed(name: str, strategy_class: type, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The parameters' texts as the types that the constructor asks for."""
    allowed = list(inspect.signature(strategy_class).parameters)
    hints = get_type_hints(strategy_class.__init__)  # type: ignore[misc]
    values = {}
    for key, text in parameters.items():
        if key not in allowed:
            listed = ", ".join(allowed) or "none"
            raise BadStrategy(name=name, why=f"it has no parameter {key!r}; it knows {listed}")
        values[key] = _value(name, key, text, hints.get(key))
    return values


def _value(name: str, key: str, text: str, wanted: object) -> Any:
    if wanted is Decimal:
        return parse_amount(text)
    if wanted is str:
        return text
    if wanted is int and _WHOLE.fullmatch(text):
        return int(text)
    if wanted is int:
        raise BadStrategy(name=name, why=f"{key} is {text!r}; it must be a whole number")
    raise BadStrategy(name=name, why=f"{key} cannot be set: only int, Decimal and str parameters can")
