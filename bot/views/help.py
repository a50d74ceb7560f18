"""What can be typed."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from bot.escape import mrkdwn
from bot.view import View
from bot.views.wording import literal

# word -> (how it is written, what it does); the order is the one shown.
WORDS: dict[str, tuple[str, str]] = {
    "peak": ("/peak", "the desk in one look, with buttons; the same as the Home tab"),
    "status": ("/peak status", "sessions, halt state, limits in use, pending approvals"),
    "live": (
        "/peak live start <strategy> <symbol> [bars] [notional]",
        "ask for a live session; opens the form",
    ),
    "shadow": (
        "/peak shadow start <strategy> <symbol> [bars] [notional] [--dummy]",
        "real prices, orders filled on paper",
    ),
    "stop": ("/peak stop <session|symbol|all> [reason]", "stop, cancel open orders, prove it"),
    "pause": ("/peak pause <session|symbol|all> [reason]", "open nothing from now on; it may still sell"),
    "resume": ("/peak resume <session|symbol> <reason>", "ask that it goes on; two people"),
    "preview": ("/peak preview <strategy> <symbol> [bars]", "the orders a start would send, sent nowhere"),
    "readiness": (
        "/peak readiness <stage>",
        "the checks before a start in that stage: shadow, testnet or live",
    ),
    "orders": ("/peak orders", "open orders at the venue, ours and foreign"),
    "risk": ("/peak risk", "limits and what is used"),
    "health": ("/peak health", "the health check now"),
    "approvals": ("/peak approvals", "what waits, and for whom"),
    "rearm": ("/peak rearm <reason>", "ask to clear a halt; two people"),
    "drill": ("/peak drill approval", "ask for an answer as at a live start; nothing is started"),
    "roster": ("/peak roster propose <reason>", "ask that people.toml be in force; two people"),
    "factor": ("/peak factor <person> <reason>", "ask that somebody else may enrol a new second factor"),
    "policy": ("/peak policy propose <reason>", "ask that policy.toml be in force; two people"),
    "limits": (
        "/peak limits propose <reason>",
        "have config.toml's limits in force; wider ones take two people",
    ),
    "config": ("/peak config propose <reason>", "ask that the rest of config.toml be in force; two people"),
    "kill": ("/peak-kill [reason]", "halts everything at once; /peak kill and /peak halt do the same"),
    "help": ("/peak help [word]", "this list, or one line of it"),
}
# What is written behind /peak; what this bot cannot do yet, and what to do in its place.
KNOWN = (*(word for word in WORDS if word != "peak"), "halt")
_NOT_YET = "There is no {word} yet, so nothing was done. {instead}"
NOT_YET = {
    word: _NOT_YET.format(word=word, instead=instead)
    for word, instead in {
        "flatten": "Sell at the venue by hand.",
    }.items()
}

ONLY_COMMANDS = (
    "I act on commands and buttons and not on messages, so nothing was done. /peak-kill halts everything at "
    "once, /peak shows the desk with its buttons, as the Home tab does, and /peak help lists every word. "
    "Begin with the slash: a blank before it makes a message of it."
)


def help_text(word: str = "") -> View:
    """All words, or one of them; a word that is none of them is named first."""
    word = "kill" if word == "halt" else word
    chosen = {word: WORDS[word]} if word in WORDS else WORDS
    lines = [f"`{mrkdwn(usage)}` {mrkdwn(what)}" for usage, what in chosen.values()]
    if word and word not in WORDS:
        lines.insert(0, f"“{literal(word, 40)}” is no word that I know. This is what there is:")
    return View(
        text="What you can type to Peak Ops",
        blocks=[SectionBlock(text=MarkdownTextObject(text="\n".join(lines)))],
    )
