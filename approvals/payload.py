"""One exact text for everything that is approved, its digest, and a name that people can say."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn

from approvals.errors import NaiveTime, NotADecimal, NotCanonical

DIGITS_MAX = 64

ADJECTIVE_TEXT = """
    able airy amber ample ancient arctic autumn azure balmy bold brave breezy bright brisk bronze calm
    candid careful cedar cheery chilly civil clear clever cloudy cobalt cool copper coral cosmic cozy
    crimson crisp curious dapper daring dawn deep dewy dusky eager early easy ebony elder emerald fair
    fancy fearless festive fine firm fleet fluent foggy fond formal frank free fresh frosty gentle
    gifted ginger glad gleaming golden graceful grand grateful hardy hazel hearty hidden honest humble
    icy indigo ivory jade jolly jovial keen kind lasting lavender lilac lively loyal lucid lucky lunar
    maple marble mellow merry mighty mild misty modest mossy neat nimble noble olive opal orange patient
    pearl plain polar proud quick quiet rapid rosy royal ruby rustic
"""

NOUN_TEXT = """
    acorn albatross alder anchor anvil apple arrow aspen badger bamboo barley basin beacon beaver birch
    bison boulder bridge brook buffalo canyon castle cello cherry cliff clover comet compass condor
    coyote crane cricket crow cypress daisy delta desert dolphin dove dragon eagle elk elm falcon fern
    ferry finch fjord flint forest fountain fox garden gazelle geyser glacier glade granite grove gull
    hammer harbor harp hawk heron hill horizon ibex iris island ivy jaguar jasper kestrel kettle lagoon
    lantern larch lark laurel lemon leopard lotus lynx mango meadow meteor mill moose mountain nectar
    oak oasis ocean orchard osprey otter owl panther peach pebble pelican pepper pine planet plum poppy
    prairie puffin quail quartz rabbit raven reef river robin rocket
"""

# Most of every text: nothing is to be done for it, not even to say where it stands.
_AS_IT_IS = frozenset({str, int, bool, type(None)})

ADJECTIVES = ADJECTIVE_TEXT.split()
NOUNS = NOUN_TEXT.split()


class Change(NamedTuple):
    """One field that differs between two payloads; None means that the field is not there."""

    field: str
    before: str | None
    after: str | None


def decimal_text(value: Decimal) -> str:
    """Write an amount without exponent and without trailing zeros, so that equal amounts have equal texts."""
    size = max(abs(value.adjusted()), len(value.as_tuple().digits))
    if not value.is_finite() or size > DIGITS_MAX:
        raise NotADecimal(found=str(value)[:40])
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def time_text(value: datetime) -> str:
    """Write a time in UTC to the microsecond, in a width that sorts."""
    if value.utcoffset() is None:
        raise NaiveTime(found=str(value))
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical(value: object) -> str:
    """Write a value as JSON in the one way that is hashed: sorted keys, no spaces, ASCII, no floats."""
    return json.dumps(_plain(value, ""), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def parsed(text: str) -> Any:
    """Read back what `canonical` wrote; amounts and times come back as text."""
    return json.loads(text, parse_float=_refuse_float, parse_constant=_refuse_float)


def digest(text: str) -> str:
    """Hash a canonical text: SHA-256, in hex."""
    return sha256(text.encode()).hexdigest()


def difference(before: str, after: str) -> list[Change]:
    """List the fields in which two canonical texts differ, by the path that leads to each."""
    old, new = dict(_leaves(parsed(before), ())), dict(_leaves(parsed(after), ()))
    changes = []
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was == now:
            continue
        shown = _shown(was), _shown(now)
        changes.append(Change(".".join(path), *(shown if shown[0] != shown[1] else (was, now))))
    return changes


def speakable_name(identity: str) -> str:
    """Name a request or a digest by two words that can be said across a room, such as "amber falcon"."""
    first, second = sha256(identity.encode()).digest()[:2]
    return f"{ADJECTIVES[first % len(ADJECTIVES)]} {NOUNS[second % len(NOUNS)]}"


def one_line(text: str, length_max: int) -> str:
    """Reduce what a person typed to one line without control, bidirectional or unassigned characters."""
    spaced = re.sub(r"\s+", " ", text)
    kept = "".join(mark for mark in spaced if not unicodedata.category(mark).startswith("C"))
    return kept.strip()[:length_max]


def _plain(value: object, field: str) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return decimal_text(value)
        case datetime():
            return time_text(value)
        case Mapping():
            return {
                _key(name, field): item
                if type(item) in _AS_IT_IS
                else _plain(item, f"{field}.{name}".strip("."))
                for name, item in value.items()
            }
        case list() | tuple():
            return [_plain(item, f"{field}[{index}]") for index, item in enumerate(value)]
        case Set():
            return sorted(_key(item, field) for item in value)
    raise NotCanonical(field=field or "(whole)", found=type(value).__name__)


def _key(key: object, field: str) -> str:
    if not isinstance(key, str):
        raise NotCanonical(field=field or "(whole)", found=f"the key {key!r}")
    return str(key)


def _refuse_float(text: str) -> NoReturn:
    raise NotCanonical(field="(stored)", found=text)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, f"[{index}]"))
    else:
        yield path, canonical(value)


def _shown(leaf: str | None) -> str | None:
    value = leaf if leaf is None else json.loads(leaf)
    return value if isinstance(value, str) else leaf
