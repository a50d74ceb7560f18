"""The card of an approval request: what is asked, by whom, who answered, what may be pressed."""

from collections.abc import Sequence
from datetime import timedelta

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
from bot.summaries import Compared, PendingApproval, RequestCard
from bot.view import View
from bot.views.wording import (
    LOCK_SCREEN_LINE_MAX,
    day_and_time,
    deadline,
    label,
    limit_words,
    literal,
    span,
    sum_in,
    when,
    with_readers_time,
)
from trading.limits import LIMIT_NAMES

APPROVE = "request.approve"
REJECT = "request.reject"
CANCEL = "request.cancel"
EXECUTE = "request.execute"
LISTED_MAX = 20
# Of 240 characters each, with room for what escaping adds.
LINES_A_BLOCK = 5
# How a preview calls an order that the limits would not let through.
BLOCKED = "denied"

# How a field of what would run is called; a digest says no more than that something has changed.
_FIELD_WORDS = {
    "plan.notional_max": "at most",
    "plan.symbol": "symbol",
    "plan.timeframe": "bars",
    "plan.exchange": "account",
    "plan.class_path": "class",
    "venue_url": "the venue's address",
    "limits.currency": "currency",
    "active_s": "seconds it lasts",
    "order_caps.an_hour": "orders an hour",
    "order_caps.a_day": "orders a day",
}
_DIGEST_WORDS = {
    "strategy_source": "the strategy's code",
    "roster": "the people",
    "policy": "the policy",
    "code_version": "the bot's code",
}
CHANGES_MAX = 12

# What was found when it was asked, in the order in which it is read.
_SHOWN = {
    "Readiness": "readiness",
    "Preview": "preview",
    "After a halt": "after a halt",
    "Orders": "orders",
    "Held": "held",
    "Alerts": "alerts",
}
_DRILL = "drill.approval"
_VERBS = {
    "live.activate": "asks to go live",
    "live.resume": "asks to resume",
    "rearm": "asks to clear the halt",
    "roster.change": "asks to change the roster",
    "policy.change": "asks to change the policy",
    "config.change": "asks to change the configuration",
    "limits.loosen": "asks to widen the limits",
    "factor.change": "asks for a new second factor",
    _DRILL: "asks for an answer",
}
_EXECUTE_LABEL = {
    "live.activate": "Go live",
    "live.resume": "Resume",
    "rearm": "Clear the halt",
    "roster.change": "Put it in force",
    "policy.change": "Put it in force",
    "config.change": "Put it in force",
    "limits.loosen": "Put them in force",
    _DRILL: "Finish the drill",
}
# Approved in Slack, carried out in a terminal: no button.
AT_THE_MACHINE = frozenset({"factor.change"})
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
    headline = asks(card)
    took = f" · {literal(card.took)}" if card.took and card.execution == "none" else ""
    said = f"*{literal(card.title, 300)}*\n{_state_line(card)}{took}"
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
    return View(text=label(f"{headline}: {card.title}", LOCK_SCREEN_LINE_MAX), blocks=blocks)


def _state_line(card: RequestCard) -> str:
    outcome = f": {literal(card.outcome, 600)}" if card.outcome else ""
    if card.state == "pending":
        names = f" ({literal(', '.join(card.could), 200)})" if card.could else ""
        waits = f"{warning(card)}Waiting for {literal(card.missing)}{names} until {until(card)}"
        return f"{waits}\n🌙 It is night for {literal(', '.join(card.asleep))}" if card.asleep else waits
    if card.state == "approved":
        names = ", ".join(literal(name, 60) for name, _ in card.yes if name != card.requested_by)
        line = f"Approved by {names} at {when(card.decided_at)}"
        if card.execution == "none":
            then = f"{literal(card.requested_by, 60)} can press *{execute_label(card.action)}*"
            if card.action in AT_THE_MACHINE:
                then = next_step(card.action, card.requested_by)
            return f"{line}. {then} until {until(card)}"
        return f"{line}. Execution {_EXECUTION_WORDS[card.execution]}{outcome}"
    if card.state == "rejected" and card.no:
        name, at, why = card.no[-1]
        return f"Rejected by {literal(name, 60)} at {when(at)}" + (f": {literal(why, 600)}" if why else "")
    return f"{_STATE_WORDS.get(card.state, literal(card.state))}{outcome}"


def until(card: RequestCard) -> str:
    """Until when it can be answered, or carried out once it is approved."""
    if card.state == "approved":
        return deadline(card.grant_expires_at, card.decided_at or card.created_at)
    return deadline(card.expires_at, card.created_at)


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
            "At most": f"{sum_in(plan.get('notional_max'))} {quote}{_lasts(card)}",
        }
    if pause := card.payload.get("pause"):
        pairs["Paused"] = str(pause.get("why")).removeprefix("paused ")
    pairs["Why"] = card.reason or "no reason given"
    return [
        MarkdownTextObject(text=f"*{literal(name, 60)}*\n{literal(value, 600)}")
        for name, value in pairs.items()
    ]


def _lasts(card: RequestCard) -> str:
    """How long it would open at most, or until when."""
    if until := card.payload.get("ends_at"):
        return f", until {str(until)[:16].replace('T', ' ')} UTC"
    active_s = card.payload.get("active_s")
    return f", for {span(timedelta(seconds=active_s))}" if isinstance(active_s, int) else ""


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
    if card.compared is not None:
        lines.append(f"*Since last time* {_changes(card.compared)}")
    found_lines = [SectionBlock(text=MarkdownTextObject(text="\n".join(lines)))] if lines else []
    shown: list[Block] = [*found_lines, *change_lines(card.evidence.get("changes", ()))]
    return [DividerBlock(), *shown] if shown else []


def change_lines(changes: Sequence[str]) -> list[SectionBlock]:
    """Every field that would differ, a line each, none left out."""
    lines = [f"• {literal(line, 550)}" for line in changes]
    return [
        SectionBlock(text=MarkdownTextObject(text="\n".join(lines[at : at + LINES_A_BLOCK])))
        for at in range(0, len(lines), LINES_A_BLOCK)
    ]


def _changes(compared: Compared) -> str:
    """What differs from the last approved activation of the same strategy, field by field."""
    if compared.at is None:
        return "nothing to compare with: no activation of this strategy was approved yet"
    last = f"“{literal(compared.name, 60)}”, {day_and_time(compared.at)}"
    if not compared.changes:
        return f"nothing differs from {last}"
    told = [literal(_change(*change), 120) for change in compared.changes[:CHANGES_MAX]]
    if len(compared.changes) > CHANGES_MAX:
        told.append(f"and {len(compared.changes) - CHANGES_MAX} more")
    return f"{', '.join(told)} ({last})"


def _change(field: str, before: str | None, after: str | None) -> str:
    if field in _DIGEST_WORDS:
        return f"{_DIGEST_WORDS[field]} changed"
    name = _FIELD_WORDS.get(field) or limit_words(field.rsplit(".", 1)[-1])
    return f"{name} {before or 'nothing'} → {after or 'nothing'}"


def _limits(card: RequestCard) -> list[Block]:
    """The limits it would run under, small: on a phone the buttons must stay near the headline."""
    limits = card.payload.get("limits")
    if not limits:
        return []
    units = {name: "%" if name.endswith("_pct") else limits.get("currency") for name in LIMIT_NAMES}
    named = [f"{limit_words(name)} {limits[name]} {units[name]}" for name in LIMIT_NAMES if name in limits]
    if caps := card.payload.get("order_caps"):
        named.append(f"orders {caps.get('an_hour')} an hour, {caps.get('a_day')} a day")
    text = literal(f"Limits: {', '.join(named)}", 900)
    return [ContextBlock(elements=[MarkdownTextObject(text=text)])]


def _small_print(card: RequestCard) -> str:
    votes = [f"{literal(name, 60)} yes {when(at)}" for name, at in card.yes]
    votes += [f"{literal(name, 60)} no {when(at)}" for name, at, _ in card.no]
    said = [f"digest `{literal(card.digest[:12])}`", f"asked {day_and_time(card.created_at)}", *votes]
    if card.row:
        said.append(f"record `{literal(card.row)}`")
    return shortened(f"{literal(card.name, 60)} · {' · '.join(said)}", 2900)


def asks(card: RequestCard) -> str:
    """Who asks for what, in words; a drill says so first."""
    return f"{mark(card)}{card.requested_by} {verb(card)}"


def mark(card: RequestCard) -> str:
    """What stands before everything that is said of a drill."""
    return "DRILL · " if card.action == _DRILL else ""


def verb(card: RequestCard) -> str:
    """What the asker does, in words."""
    return "asks to begin the desk" if "begins" in card.payload else _VERBS.get(card.action, "asks")


def next_step(action: str, asker: str) -> str:
    """Who can do what with an approved request."""
    if action in AT_THE_MACHINE:
        return "It can be enrolled on the desk's machine, with peak-ops enrol,"
    return f"{asker} can press {execute_label(action)}"


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
    if card.state == "approved" and card.execution == "none" and card.action not in AT_THE_MACHINE:
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
    """One request that waits: for whom, how long still, and the way to its card."""
    name = literal(item.name, 60)
    left = timedelta(seconds=item.left_s)
    linked = f"<{item.card_url}|{name}>" if item.card_url else name  # inside of a link nothing is bold
    return (
        f"• *{linked}* {literal(item.title, 120)}: asked by "
        f"{literal(item.requested_by, 60)}, {literal(item.waits_for, 120)} until "
        f"{deadline(item.expires_at, item.expires_at - left)}, {span(left)} left"
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
