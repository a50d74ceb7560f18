"""Reading TOML with exact numbers and errors that name file and line."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.errors import ConfigUnreadable
from bot.mistakes import shown

PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file, its fractions as Decimal; raises ConfigUnreadable naming the line."""
    try:
        text = path.read_text("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError:
        allowed = "save it as UTF-8"
        raise ConfigUnreadable(
            file=str(path), key="the text", value="it is not UTF-8", allowed=allowed
        ) from None
    except OSError as error:
        allowed = "set PEAK_OPS_CONFIG to the folder that holds config.toml, policy.toml and people.toml"
        reason = error.strerror or str(error)
        raise ConfigUnreadable(file=str(path), key="the file", value=reason, allowed=allowed) from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _misspelt(path, text, error) from None


def _misspelt(path: Path, text: str, error: Exception) -> ConfigUnreadable:
    lines = text.splitlines() or [""]
    place = PLACE.search(str(error))
    if place is None:
        return ConfigUnreadable(file=str(path), key="a value", value=str(error), allowed="write plain TOML")
    number = int(place[1] or len(lines))
    line = shown(lines[min(number, len(lines)) - 1].strip())
    reason = str(error)[: place.start()]
    return ConfigUnreadable(
        file=str(path), key=f"line {number}", value=line, allowed=f"{reason[0].lower()}{reason[1:]}"
    )
