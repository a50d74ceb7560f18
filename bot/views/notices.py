"""What people are told of a request by direct message; the outbox adds the way to its card."""

from datetime import timedelta

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from bot.summaries import RequestCard
from bot.view import View
from bot.views.requests import AT_THE_MACHINE, asks, execute_label, mark, until
from bot.views.wording import LOCK_SCREEN_MAX, label, literal, span

_SURELY = {"totp": ", with a code", "recovery": ", with a recovery code"}


def waiting_notice(card: RequestCard) -> View:
    """For everybody who could approve: who asks what and why, and until when."""
    said = f"{asks(card)}: {card.title}"
    waits = f"It waits for {card.missing}"
    because = literal(card.reason, 600) or "no reason given"
    text = f"*{literal(said, 600)}*\nWhy: {because}\n{literal(waits)} until {until(card)}."
    return _notice(f"{said}. {waits}.", text)


def reminder_notice(card: RequestCard, left: timedelta) -> View:
    """For everybody who still could: how long there is, what for, and that nobody has answered."""
    said = f"{asks(card)}: {card.title}"
    because = literal(card.reason, 600) or "no reason given"
    text = (
        f"*{span(left)} left* · {literal(said, 600)}\nWhy: {because}\n"
        f"It still waits for {literal(card.missing)}, until {until(card)}. You could answer it."
    )
    return _notice(f"{span(left)} left: {said}", text)


def vote_line(card: RequestCard, name: str, word: str, step_up: str, reason: str) -> View:
    """For the card's thread: who said what, how surely, why, and what follows from it."""
    because = f": {literal(reason, 600)}" if reason else ""
    then = {
        "pending": f"It still waits for {literal(card.missing)}, until {until(card)}.",
        "approved": f"{literal(card.requested_by, 60)} can press *{execute_label(card.action)}* "
        f"until {until(card)}.",
        "rejected": "It is closed for good.",
    }.get(card.state, "")
    row = f" Record `{literal(card.row)}`." if card.row else ""
    text = f"*{literal(name, 60)}* said *{literal(word)}*{_SURELY.get(step_up, '')}{because}. {then}{row}"
    return _notice(f"{mark(card)}{name} said {word}: {card.title}", text)


def outcome_notice(card: RequestCard) -> View:
    """For whoever asked: what became of it, and what to do now."""
    named = f"{mark(card)}“{card.name}” ({card.title})"
    what, then = _outcome(card)
    ends = ""
    if card.state == "approved" and card.execution == "none":
        ends = f" It can be done until {until(card)}."
    took = f" It was {literal(card.took)}." if card.took else ""
    text = f"*{literal(named, 600)}* {literal(what, 900)}. {then}{ends}{took}"
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
