"""What can be typed."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from bot.escape import mrkdwn
from bot.view import View

# word -> (how it is written, what it does); the order is the one shown.
WORDS: dict[str, tuple[str, str]] = {
    "status": ("/peak status", "sessions, halt state, limits in use, pending approvals"),
    "live": (
        "/peak live start <strategy> <symbol> [bars] [notional]",
        "ask for a live session; opens the form",
    ),
    "stop": ("/peak stop <session|all> [reason]", "stop, cancel open orders, prove it"),
    "preview": ("/peak preview <strategy> <symbol>", "the orders a start would send, sent nowhere"),
    "readiness": ("/peak readiness live", "the checks before a start"),
    "orders": ("/peak orders", "open orders at the venue, ours and foreign"),
    "risk": ("/peak risk", "limits and what is used"),
    "health": ("/peak health", "the health check now"),
    "approvals": ("/peak approvals", "what waits, and for whom"),
    "rearm": ("/peak rearm <reason>", "ask to clear a halt; two people"),
    "kill": ("/peak-kill [reason]", "halts everything at once; /peak kill and /peak halt do the same"),
    "help": ("/peak help [word]", "this list, or one line of it"),
}
KNOWN = (*WORDS, "halt")


def help_text(word: str = "") -> View:
    """All words, or one of them."""
    chosen = {word: WORDS[word]} if word in WORDS else WORDS
    lines = [f"`{mrkdwn(usage)}` {mrkdwn(what)}" for usage, what in chosen.values()]
    return View(
        text="What you can type to Peak Ops",
        blocks=[SectionBlock(text=MarkdownTextObject(text="\n".join(lines)))],
    )
