"""What a person typed after the slash command, as words."""

import difflib
import unicodedata
from dataclasses import dataclass

TEXT_MAX = 3000
# So much alike, a word was meant and mistyped; DOGE/USD was not meant to be BTC/USD.
A_SLIP = 0.7

# What phones and word processors make of two hyphens, quotes and blanks.
_TYPOGRAPHIC = str.maketrans(
    {"—": "--", "–": "--", "―": "--", "−": "-", "‐": "-", "‑": "-"}
    | dict.fromkeys("“”„", '"')
    | dict.fromkeys("‘’", "'")
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command's words: the first two that may name it, and everything after."""

    words: tuple[str, ...]
    too_long: bool = False

    @property
    def first(self) -> str:
        """The command word, in lower case; empty when nothing was typed."""
        return self.words[0].lower() if self.words else ""

    def starts(self, *expected: str) -> bool:
        """Whether the words begin with these."""
        return tuple(word.lower() for word in self.words[: len(expected)]) == expected

    def after(self, count: int) -> tuple[str, ...]:
        """The words behind the first `count`."""
        return self.words[count:]

    def rest(self, count: int) -> str:
        """The text behind the first `count` words, on one line."""
        return " ".join(self.words[count:])


def read(text: str) -> Typed:
    """Split what was typed at its blanks; what cannot be seen is dropped, nothing is interpreted."""
    too_long = len(text) > TEXT_MAX
    cleaned = text[:TEXT_MAX].translate(_TYPOGRAPHIC)
    if not cleaned.isprintable():
        cleaned = "".join(
            character
            for character in cleaned
            if character.isspace() or not unicodedata.category(character).startswith("C")
        )
    return Typed(words=tuple(cleaned.split()), too_long=too_long)


def nearest(word: str, known: tuple[str, ...], count: int = 3, alike: float = 0.6) -> tuple[str, ...]:
    """The known words that look most like this one, from 0 (anything) to 1 (the same)."""
    return tuple(difflib.get_close_matches(word.lower()[:40], known, n=count, cutoff=alike))


def unknown(word: str, known: tuple[str, ...], what: str) -> str | None:
    """What to say of a word that is none of those that can stand here; None for one that is, or for none."""
    if not word or word in known:
        return None
    said = f"“{word[:40]}” is no {what} of this desk, so nothing was done."
    if close := nearest(word, known, alike=A_SLIP):
        return f"{said} Did you mean {' or '.join(close)}?"
    return f"{said} There is {', '.join(known[:20])}."
