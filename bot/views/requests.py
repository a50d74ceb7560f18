"""The card of an approval request: what is asked, by whom, who answered, what may be pressed."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.block_limits import shortened
from bot.summaries import PendingApproval, RequestCard
from bot.view import View
from bot.views.wording import day_and_time, label, limit_words, literal, sum_in, when, with_readers_time
from trading.limits import LIMIT_NAMES

APPROVE = "request.approve"
REJECT = "request.reject"
CANCEL = "request.cancel"
EXECUTE = "request.execute"
LISTED_MAX = 20
# How a preview calls an order that the limits would not let through.
BLOCKED = "denied"

# What was found when it was asked, in the order in which it is read.
_SHOWN = {
    "Readiness": "readiness",
    "Preview": "preview",
    "Orders": "orders",
    "Held": "held",
    "Alerts": "alerts",
}
_VERBS = {"live.activate": "asks to go live", "rearm": "asks to clear the halt"}
_EXECUTE_LABEL = {"live.activate": "Go live", "rearm": "Clear the halt"}
_STATE_WORDS = {
    "rejected": "Rejected",
    "expired": "Expired: nobody else said yes in time",
    "cancelled": "Withdrawn",
    "void": "Void: what would run is no longer what was shown",
}
_EXECUTION_WORDS = {
    "claimed": "starting",
    "executed": "done",
    "failed": "failed",
    "unknown": "outcome unknown",
    "void": "void",
}


def request_card(card: RequestCard) -> View:
    """The whole card, drawn from the request as it stands now."""
    headline = f"{card.requested_by} {verb(card)}"
    said = f"*{literal(card.title, 300)}*\n{_state_line(card)}"
    blocks: list[Block] = [
        HeaderBlock(text=label(headline)),
        SectionBlock(text=MarkdownTextObject(text=shortened(said, 2900))),
        SectionBlock(fields=_what(card)),
        *_evidence(card),
        *_limits(card),
        ContextBlock(elements=[MarkdownTextObject(text=_small_print(card))]),
    ]
    if buttons := _buttons(card):
        blocks.append(ActionsBlock(block_id=f"request:{card.id}", elements=buttons))
    return View(text=label(f"{headline}: {card.title}", 600), blocks=blocks)


def _state_line(card: RequestCard) -> str:
    outcome = f": {literal(card.outcome, 600)}" if card.outcome else ""
    if card.state == "pending":
        return f"{warning(card)}Waiting for {literal(card.missing)} until {when(card.expires_at)}"
    if card.state == "approved":
        names = ", ".join(literal(name, 60) for name, _ in card.yes if name != card.requested_by)
        line = f"Approved by {names} at {when(card.decided_at)}"
        if card.execution == "none":
            return (
                f"{line}. {literal(card.requested_by, 60)} can press *{execute_label(card.action)}* "
                f"until {when(card.grant_expires_at)}"
            )
        return f"{line}. Execution {_EXECUTION_WORDS[card.execution]}{outcome}"
    if card.state == "rejected" and card.no:
        name, at, why = card.no[-1]
        return f"Rejected by {literal(name, 60)} at {when(at)}" + (f": {literal(why, 600)}" if why else "")
    return f"{_STATE_WORDS.get(card.state, literal(card.state))}{outcome}"


def warning(card: RequestCard) -> str:
    """What the approver must not overlook: an order of the preview that the limits would block."""
    denied = BLOCKED in str(card.evidence.get("preview", ""))
    return "⚠️ By its preview an order would be blocked by the limits. " if denied else ""


def _what(card: RequestCard) -> list[MarkdownTextObject]:
    pairs: dict[str, str] = {}
    if plan := card.payload.get("plan"):
        quote = str(plan.get("symbol", "/")).split("/")[-1]
        pairs = {
            "Account": f"{plan.get('exchange')} ({card.payload.get('venue_url')})",
            "Strategy": f"{plan.get('strategy')} {parameters(plan)}",
            "Symbol, bars": f"{plan.get('symbol')} {plan.get('timeframe')}",
            "At most": f"{sum_in(plan.get('notional_max'))} {quote}",
        }
    pairs["Why"] = card.reason or "no reason given"
    return [
        MarkdownTextObject(text=f"*{literal(name, 60)}*\n{literal(value, 600)}")
        for name, value in pairs.items()
    ]


def parameters(plan: dict[str, object]) -> str:
    """A plan's parameters, in brackets; empty for none."""
    given = plan.get("parameters")
    if not isinstance(given, dict) or not given:
        return ""
    return "(" + ", ".join(f"{name} {value}" for name, value in given.items()) + ")"


def _evidence(card: RequestCard) -> list[Block]:
    lines = [
        f"*{title}* {with_readers_time(literal(str(found), 1200), card.created_at)}"
        for title, name in _SHOWN.items()
        if (found := card.evidence.get(name))
    ]
    return [DividerBlock(), SectionBlock(text=MarkdownTextObject(text="\n".join(lines)))] if lines else []


def _limits(card: RequestCard) -> list[Block]:
    """The limits it would run under, small: on a phone the buttons must stay near the headline."""
    limits = card.payload.get("limits")
    if not limits:
        return []
    units = {name: "%" if name.endswith("_pct") else limits.get("currency") for name in LIMIT_NAMES}
    named = [f"{limit_words(name)} {limits[name]} {units[name]}" for name in LIMIT_NAMES if name in limits]
    text = literal(f"Limits: {', '.join(named)}", 900)
    return [ContextBlock(elements=[MarkdownTextObject(text=text)])]


def _small_print(card: RequestCard) -> str:
    votes = [f"{literal(name, 60)} yes {when(at)}" for name, at in card.yes]
    votes += [f"{literal(name, 60)} no {when(at)}" for name, at, _ in card.no]
    said = [f"digest `{literal(card.digest[:12])}`", f"asked {day_and_time(card.created_at)}", *votes]
    return shortened(f"{literal(card.name, 60)} · {' · '.join(said)}", 2900)


def verb(card: RequestCard) -> str:
    """What the asker does, in words."""
    return _VERBS.get(card.action, "asks")


def execute_label(action: str) -> str:
    """What stands on the button that carries a request out."""
    return _EXECUTE_LABEL.get(action, "Run it")


def _buttons(card: RequestCard) -> list[ButtonElement]:
    if card.state == "pending":
        return [
            ButtonElement(text="Approve", action_id=APPROVE, value=card.id, style="primary"),
            ButtonElement(text="Reject", action_id=REJECT, value=card.id, style="danger"),
            ButtonElement(
                text="Withdraw",
                action_id=CANCEL,
                value=card.id,
                confirm=ConfirmObject(
                    title="Withdraw this?",
                    text="Only who asked can. It is closed then, and has to be asked for anew.",
                    confirm="Withdraw",
                    deny="Not yet",
                    style="danger",
                ),
            ),
        ]
    if card.state == "approved" and card.execution == "none":
        return [
            ButtonElement(
                text=execute_label(card.action),
                action_id=EXECUTE,
                value=card.id,
                style="primary",
                confirm=ConfirmObject(
                    title=f"{execute_label(card.action)}?",
                    text=f"This is done at once: {literal(card.title, 250)}",
                    confirm=execute_label(card.action),
                    deny="Not yet",
                ),
            )
        ]
    return []


def waiting_line(item: PendingApproval) -> str:
    """One request that waits, with the way to its card."""
    name = literal(item.name, 60)
    linked = f"<{item.card_url}|{name}>" if item.card_url else name  # inside of a link nothing is bold
    return (
        f"• *{linked}* {literal(item.title, 120)}: asked by "
        f"{literal(item.requested_by, 60)}, {literal(item.waits_for, 120)} until {when(item.expires_at)}"
    )


def waiting_list(pending: Sequence[PendingApproval]) -> View:
    """What waits for whom, with the time left."""
    if not pending:
        return View(text="No request is waiting.", blocks=[SectionBlock(text="No request is waiting.")])
    lines = [waiting_line(item) for item in pending[:LISTED_MAX]]
    if len(pending) > LISTED_MAX:
        lines.append(f"… and {len(pending) - LISTED_MAX} more")
    text = f"{len(pending)} request{'s' if len(pending) != 1 else ''} open"
    return View(text=text, blocks=[SectionBlock(text=MarkdownTextObject(text=line)) for line in lines])
