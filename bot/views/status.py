"""The desk in one look: for /peak status, the panel and the Home tab."""

from collections import Counter
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.block_limits import shortened
from bot.summaries import HaltState, LimitUse, PendingApproval, SessionSummary, StatusSummary
from bot.view import View
from bot.views.requests import waiting_line
from bot.views.sessions import halt_button, silence, state_mark, stop_button
from bot.views.wording import (
    day_and_time,
    first_upper,
    limit_words,
    literal,
    money,
    quantity,
    when,
    whole_or_cents,
)

START_LIVE = "panel.live"
HEALTH_NOW = "panel.health"
ASK_TO_CLEAR = "panel.rearm"
SESSIONS_MAX, WAITING_MAX = 20, 8
# The limit of which nothing is used up, however many orders are sent.
PER_ORDER = "max_order_notional"

_START = "`/peak live start` asks for one."


def status(summary: StatusSummary) -> View:
    """Sessions, halt state, limits in use, pending approvals."""
    return View(text=_headline(summary), blocks=[HeaderBlock(text=_headline(summary)), *_body(summary)])


def panel(summary: StatusSummary) -> View:
    """What may be done now, as buttons, above the same look."""
    halted, may = summary.halt.engaged, summary.allowed
    buttons = []
    if may.start and not halted:
        start = ButtonElement(
            text="Start a live session", action_id=START_LIVE, value="panel", style="primary"
        )
        buttons.append(start)
    if may.clear and halted:
        buttons.append(ButtonElement(text="Ask to clear", action_id=ASK_TO_CLEAR, value="panel"))
    buttons.append(ButtonElement(text="Health check", action_id=HEALTH_NOW, value="panel"))
    buttons.append(halt_button("from the panel"))
    return View(
        text=_headline(summary),
        blocks=[
            HeaderBlock(text=_headline(summary)),
            ActionsBlock(block_id="panel", elements=buttons),
            *_body(summary),
        ],
    )


def _headline(summary: StatusSummary) -> str:
    if summary.halt.engaged:
        return "🛑 HALTED"
    live = [session for session in summary.sessions if session.stage == "live"]
    running = sum(session.state == "running" and session.silent_since is None for session in live)
    rest = ", ".join(f"{count} {state}" for state, count in _other_states(live).items())
    if running:
        return f"🟢 {running} live" + (f", {rest}" if rest else "")
    return f"❓ Nothing is running, {rest}" if rest else "⚪ Nothing is live"


def _other_states(live: Sequence[SessionSummary]) -> Counter[str]:
    """How many live sessions are in which state, those that run and are heard of left out."""
    states = ("silent" if session.silent_since else session.state for session in live)
    return Counter(state for state in states if state != "running")


def _body(summary: StatusSummary) -> list[Block]:
    blocks: list[Block] = [_text(_halted(summary.halt))] if summary.halt.engaged else []
    may_stop = summary.allowed.stop
    blocks.extend(_session(session, may_stop) for session in summary.sessions[:SESSIONS_MAX])
    if len(summary.sessions) > SESSIONS_MAX:
        blocks.append(_text(f"… and {len(summary.sessions) - SESSIONS_MAX} more sessions"))
    if not summary.sessions:
        blocks.append(_text(_nothing_open(summary)))
    blocks.append(DividerBlock())
    blocks.extend(_waiting(summary.pending_approvals))
    if summary.limits:
        blocks.append(_text("*Limits in use*\n" + "\n".join(limit_line(use) for use in summary.limits)))
    gateways = " · ".join(f"{literal(name, 60)} {literal(state, 300)}" for name, state in summary.gateways)
    about = f"{gateways or 'no gateway'} · as of {day_and_time(summary.at)}"
    blocks.append(ContextBlock(elements=[MarkdownTextObject(text=about)]))
    return blocks


def _text(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=shortened(text, 2900)))


def _halted(halt: HaltState) -> str:
    who = f" by {literal(halt.by)} at {when(halt.at)}" if halt.at else ""
    why = literal(halt.reason, 500) or "no reason given"
    return f"*Halted*{who}: {why}. Two people clear it with `/peak rearm &lt;reason&gt;`."


def _session(session: SessionSummary, may_stop: bool) -> SectionBlock:
    orders = f"{session.open_orders} open order{'' if session.open_orders == 1 else 's'}"
    text = (
        f"{state_mark(session)} *{literal(session.symbol, 40)}* {literal(session.strategy, 60)} "
        f"{literal(session.stage, 20)} *{session.state}{_silent(session)}* · "
        f"holds {quantity(session.position)} {literal(session.base, 20)} · "
        f"PnL {money(session.daily_pnl, session.currency, signed=True)} · "
        f"{orders} · `{literal(session.id, 40)}`"
    )
    stop = None
    if may_stop and session.state in {"starting", "running", "paused", "unknown"}:
        stop = stop_button(session)
    return SectionBlock(block_id=f"status:{session.id}", text=MarkdownTextObject(text=text), accessory=stop)


def _nothing_open(summary: StatusSummary) -> str:
    """No session is open, which is not the same as flat."""
    may_start = summary.allowed.start and not summary.halt.engaged
    said = f"No session is open. {_START}" if may_start else "No session is open."
    if not summary.held:
        return f"{said} By our books nothing is held."
    held = ", ".join(f"{quantity(abs(amount))} {literal(asset, 20)}" for asset, amount in summary.held)
    return f"{said} *STILL HOLDING {held}* by our books."


def _silent(session: SessionSummary) -> str:
    return f", {silence(session)}" if session.silent_since else ""


def _waiting(pending: Sequence[PendingApproval]) -> list[Block]:
    """What waits for an answer, then what is approved and waits for its asker."""
    groups = {
        "Waiting for approval": [item for item in pending if item.state == "pending"],
        "Approved, to be carried out": [item for item in pending if item.state != "pending"],
    }
    blocks: list[Block] = []
    for title, items in groups.items():
        lines = [waiting_line(item) for item in items[:WAITING_MAX]]
        if len(items) > WAITING_MAX:
            lines.append(f"… and {len(items) - WAITING_MAX} more: `/peak approvals`")
        if lines:
            blocks.append(_text("\n".join([f"*{title}*", *lines])))
    return blocks


def limit_line(use: LimitUse) -> str:
    """One limit, what is used of it, and the share; none of an order's is used while no order is open."""
    limit = f"{whole_or_cents(use.limit)} {literal(use.unit, 20)}".rstrip()
    name = literal(first_upper(limit_words(use.name)), 60)
    if use.used is None or not use.used.is_finite():
        return f"{name}: use unknown of {limit}"
    if use.name == PER_ORDER:
        largest = f", the largest open one {whole_or_cents(use.used)}" if use.used else ""
        return f"{name}: at most {limit}{largest}"
    if use.unit == "%":
        return f"{name}: {whole_or_cents(use.used)} %, at most {limit}"
    share = f" ({use.used / use.limit:.0%})" if use.limit else ""
    return f"{name}: {whole_or_cents(use.used)} of {limit}{share}"
