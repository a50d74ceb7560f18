"""What people are told of a request by direct message; the outbox adds the way to its card."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from bot.summaries import RequestCard
from bot.view import View
from bot.views.requests import AT_THE_MACHINE, execute_label, verb
from bot.views.wording import LOCK_SCREEN_MAX, label, literal, when


def waiting_notice(card: RequestCard) -> View:
    """For everybody who could approve: who asks what and why, and until when."""
    said = f"{card.requested_by} {verb(card)}: {card.title}"
    waits = f"It waits for {card.missing}"
    because = literal(card.reason, 600) or "no reason given"
    text = f"*{literal(said, 600)}*\nWhy: {because}\n{literal(waits)} until {when(card.expires_at)}."
    return _notice(f"{said}. {waits}.", text)


def outcome_notice(card: RequestCard) -> View:
    """For whoever asked: what became of it, and what to do now."""
    named = f"“{card.name}” ({card.title})"
    what, then = _outcome(card)
    until = ""
    if card.state == "approved" and card.execution == "none":
        until = f" It can be done until {when(card.grant_expires_at)}."
    text = f"*{literal(named, 600)}* {literal(what, 900)}. {then}{until}"
    return _notice(f"{named} {what}. {then}", text)


def _outcome(card: RequestCard) -> tuple[str, str]:
    """What happened, and the next step."""
    if card.state == "approved" and card.execution == "none":
        others = " and ".join(name for name, _ in card.yes if name != card.requested_by)
        if card.action in AT_THE_MACHINE:
            return (
                f"was approved by {others}",
                "Run peak-ops enrol on the desk's machine, with the person there.",
            )
        return f"was approved by {others}", f"Press {execute_label(card.action)} on its card."
    if card.state == "approved":
        return "was approved, but nobody carried it out in time", "Ask again if it is still wanted."
    if card.state == "rejected" and card.no:
        name, _, why = card.no[-1]
        because = f": {why}" if why else ""
        return f"was rejected by {name}{because}", "It is closed for good. Talk to them before you ask again."
    return f"expired while it waited for {card.missing}", "Ask again if it is still wanted."


def _notice(told: str, text: str) -> View:
    return View(text=label(told, LOCK_SCREEN_MAX), blocks=[SectionBlock(text=MarkdownTextObject(text=text))])
