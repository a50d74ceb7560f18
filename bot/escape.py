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
_LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=/)|(?<=\w\.)(?=[^\W\d])")


def plain(text: str) -> str:
    """One line for logs, headers and Markdown: `&<>` escaped, nothing invisible.

    Escaping what is escaped already changes nothing.
    """
    cleaned = "".join(_visible(letter) for letter in text)
    line = " ".join(cleaned.split())
    return _AMPERSAND.sub("&amp;", line).replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: str) -> str:
    """One line for Slack's mrkdwn: as `plain`, and no address, @name or #channel becomes a link."""
    return _LINKED.sub(JOINER, plain(text))


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace() or category in LINE_BREAKS:
        return " "
    return "" if category in INVISIBLE else letter
