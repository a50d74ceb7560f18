"""Other people's text, made harmless: one line, nothing invisible, nothing that Slack would act on."""

import re
import unicodedata

# Control, format (bidi, zero width, tags), lone surrogates, private use: nothing of it is readable.
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
LINE_BREAKS = {"Zl", "Zp"}

# Stands between characters that Slack would join to a link or a mention; shows nothing.
JOINER = "\u2060"

_ENTITY = r"(?:amp|lt|gt);"
_AMPERSAND = re.compile(rf"&(?!{_ENTITY})")
# And between a colon and a name with another one behind it: an emoji, such as a card's own marks are.
_LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=/|[^\s:]+:)|(?<=\w\.)(?=[^\W\d])")

# Letters that look like Slack's marks for bold, code and struck text, and mean nothing to it.
_LOOK_ALIKE = str.maketrans({"*": "\u2217", "`": "\u02cb", "~": "\u223c"})
# An underscore inside a word, as in ma_crossover, is no mark for italics.
_ITALICS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
# What Markdown acts on, wherever it stands in a line.
_MARKS = re.compile(r"[\\`*_\[\]|~]")
_LOW_LINE = "\u02cd"
_QUOTED = re.compile(r"^(?=&gt;)")


def plain(text: str) -> str:
    """One line for logs, headers and Markdown: `&<>` escaped, nothing invisible.

    Escaping what is escaped already changes nothing.
    """
    cleaned = text if text.isprintable() else "".join(_visible(letter) for letter in text)
    line = " ".join(cleaned.split())
    return _AMPERSAND.sub("&amp;", line).replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: str) -> str:
    """One line for Slack's mrkdwn: as `plain`, and nothing in it becomes a link, bold, code or a quote."""
    unmarked = _ITALICS.sub(_LOW_LINE, plain(text).translate(_LOOK_ALIKE))
    return _QUOTED.sub(JOINER, _LINKED.sub(JOINER, unmarked))


def markdown(text: str) -> str:
    """One line for a Markdown file: as `plain`, and nothing in it becomes a link, a heading or a cell."""
    return _MARKS.sub(r"\\\g<0>", _LINKED.sub(JOINER, plain(text)))


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace() or category in LINE_BREAKS:
        return " "
    return "" if category in INVISIBLE else letter
