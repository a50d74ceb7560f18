"""A mistake in a setting, as one sentence: file, key, value, what is allowed."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError

VALUE_LENGTH_MAX = 80


def closest(wrong: str, known: Iterable[str]) -> str:
    """Say which names are known, the nearest first."""
    names = list(known)
    near = get_close_matches(wrong, names, n=1)
    listed = f"known here: {', '.join(names)}" if names else "nothing may stand here"
    return f"did you mean {near[0]}? {listed[0].upper()}{listed[1:]}" if near else listed


def shown(value: object) -> str:
    """A value as a person would recognise it: short, one line, tables only named."""
    if isinstance(value, dict):
        return "(a table)"
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[: VALUE_LENGTH_MAX - 1]}…"


def config_error(
    file: str,
    model: type[BaseModel],
    error: ValidationError,
    *,
    below: str = "",
    secret_keys: Collection[str] = (),
) -> ConfigError:
    """Turn what pydantic found into our own sentence; an unknown key explains more than a missing one."""
    found = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")[0]
    path = found["loc"]
    key = key_of((below, *path) if below else path)
    if found["type"] == "missing":
        value = "(not set)"
    elif key in secret_keys:
        value = "(not shown)"
    else:
        value = shown(found["input"])
    return ConfigError(file=file, key=key, value=value, allowed=_allowed(model, found))


def key_of(path: Iterable[str | int]) -> str:
    """Write a place in a file as its author would: people[2].roles."""
    key = ""
    for part in path:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part != "[key]":
            key += f".{part}" if key else part
    return key


def _allowed(model: type[BaseModel], found: ErrorDetails) -> str:
    path = found["loc"]
    if found["type"] == "extra_forbidden":
        table = _at(model, path[:-1])
        return f"no such key; {closest(str(path[-1]), _keys(table))}"
    description = _description(model, path)
    return description or found["msg"].lower()


def _keys(table: Any) -> list[str]:
    return [field.alias or name for name, field in getattr(table, "model_fields", {}).items()]


def _description(model: type[BaseModel], path: tuple[str | int, ...]) -> str | None:
    """The sentence of the deepest field on the way that has one."""
    sentence = None
    here: Any = model
    for part in path:
        field = _field(here, part)
        if field is not None and field.description:
            sentence = field.description
        here = _step(here, part)
    return sentence


def _at(model: type[BaseModel], path: tuple[str | int, ...]) -> Any:
    here: Any = model
    for part in path:
        here = _step(here, part)
    return here


def _field(table: Any, part: str | int) -> Any:
    fields = getattr(table, "model_fields", {})
    return next((field for name, field in fields.items() if part in (name, field.alias)), None)


def _step(table: Any, part: str | int) -> Any:
    """The type one step further in: a field's, or that of the entries of a table or list."""
    field = _field(table, part)
    if field is not None:
        return field.annotation
    if isinstance(table, type) and issubclass(table, BaseModel):
        extra = getattr(table, "entry_type", None)
        return extra() if extra else None
    return get_args(table)[-1] if get_origin(table) in (dict, list) else None
