"""Values to JSON and back: frozen dataclasses, decimals and times as text, checked against their types."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from trading.errors import TradingError

T = TypeVar("T")


class Unreadable(TradingError):
    """A message could not be read: {value} is not {wanted}. Both sides must be of one version."""


def encode(value: object) -> Any:
    """Give the JSON form of a value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], value: Any) -> T:
    """Read a value of this type from its JSON form; raises `Unreadable` for anything else."""
    try:
        return cast(T, _decode(kind, value))
    except (TypeError, ValueError, ArithmeticError, KeyError, AttributeError) as error:
        raise Unreadable(value=repr(value)[:100], wanted=getattr(kind, "__name__", str(kind))) from error


def _decode(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return (
            None
            if value is None
            else _decode(next(t for t in get_args(kind) if t is not types.NoneType), value)
        )
    if origin is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return tuple(_decode(inner[0], item) for item in value)
        return tuple(_decode(part, item) for part, item in zip(inner, value, strict=True))
    if origin is dict:
        return {str(key): _decode(get_args(kind)[1], item) for key, item in value.items()}
    if kind is Any:
        return value
    if is_dataclass(kind):
        hints = _hints(cast(type, kind))
        return cast(Any, kind)(**{name: _decode(hints[name], item) for name, item in value.items()})
    if kind is Decimal or kind is datetime or issubclass(kind, Enum):
        return _from_text(kind, value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        raise TypeError(value)
    return value


def _from_text(kind: Any, value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
