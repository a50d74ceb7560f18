"""The card of a session, the lines in its thread, and what a stop proved."""

from decimal import Decimal

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.summaries import SessionSummary
from bot.view import View
from bot.views.wording import (
    LOCK_SCREEN_MAX,
    STATE_MARK,
    as_sentence,
    day_and_time,
    first_upper,
    label,
    literal,
    money,
    quantity,
    when,
)

STOP = "session.stop"
PAUSE = "session.pause"
RESUME = "session.resume"
HALT = "halt"

_STATE_SENTENCE = {
    "starting": "is starting",
    "running": "is live",
    "paused": "is paused",
    "stopping": "is stopping",
    "stopped": "has stopped",
    "halted": "was halted",
    "failed": "has failed",
    "unknown": "ended without proof",
}

OPEN = frozenset({"starting", "running", "paused", "stopping", "unknown"})
_SILENT_NEXT = "Its open orders are cancelled; stop it, or halt everything."


def halt_button(reason: str = "") -> ButtonElement:
    """The button that halts everything; it stands wherever something live is shown."""
    return ButtonElement(
        text="Halt everything",
        action_id=HALT,
        value=label(reason, 200) or "button",
        style="danger",
        confirm=ConfirmObject(
            title="Halt everything?",
            text="Every session of every account stops at once and all open orders are cancelled. "
            "What is held stays held. Only two people together can start again.",
            confirm="Halt",
            deny="No",
            style="danger",
        ),
    )


def stop_button(session: SessionSummary) -> ButtonElement:
    """The button that stops one session; it asks first wherever it stands."""
    return ButtonElement(
        text="Stop",
        action_id=STOP,
        value=session.id,
        confirm=ConfirmObject(
            title=f"Stop {label(session.symbol, 80)}?",
            text="Its open orders are cancelled. What it holds stays held.",
            confirm="Stop",
            deny="No",
            style="danger",
        ),
    )


def pause_button(session: SessionSummary) -> ButtonElement:
    """The button that keeps one session from opening anything; it asks first."""
    return ButtonElement(
        text="Pause",
        action_id=PAUSE,
        value=session.id,
        confirm=ConfirmObject(
            title=f"Pause {label(session.symbol, 80)}?",
            text="It opens nothing any more and may still sell what it holds. Only two people together let "
            "it go on.",
            confirm="Pause",
            deny="No",
        ),
    )


def session_card(session: SessionSummary) -> View:
    """State first, money second, buttons last."""
    headline = _headline(session)
    blocks: list[Block] = [
        HeaderBlock(text=f"{state_mark(session)} {label(headline)}"),
        SectionBlock(
            fields=[
                MarkdownTextObject(
                    text=f"*Strategy*\n{literal(session.strategy)} {literal(session.timeframe)}"
                ),
                MarkdownTextObject(text=f"*At most*\n{money(session.notional_max, session.currency)}"),
                MarkdownTextObject(text=f"*Position*\n{quantity(session.position)} {literal(session.base)}"),
                MarkdownTextObject(
                    text=f"*Fills*\n{session.fills}, fees {money(session.fees, session.currency)}"
                ),
                MarkdownTextObject(
                    text=f"*PnL of the session*\n{money(session.daily_pnl, session.currency, signed=True)}"
                ),
                MarkdownTextObject(text=f"*Open orders*\n{session.open_orders}"),
            ]
        ),
    ]
    if session.silent_since is not None:
        blocks.append(
            SectionBlock(text=MarkdownTextObject(text=f"*{first_upper(silence(session))}.* {_SILENT_NEXT}"))
        )
    if why := literal(session.state_reason, 1400):
        # While it runs it is why it was started, afterwards why it stopped: not the same word for both.
        told = "Asked for" if session.state in ("starting", "running") else "Why"
        blocks.append(SectionBlock(text=MarkdownTextObject(text=f"*{told}* {why}")))
    if proof := literal(session.proof, 1400):
        blocks.append(SectionBlock(text=MarkdownTextObject(text=proof)))
    if session.state == "failed":
        blocks.append(SectionBlock(text=MarkdownTextObject(text=_after_failure(session))))
    since = f" · since {when(session.started_at)}" if session.started_at else ""
    ends = f" · ends {day_and_time(session.ends_at)}" if session.ends_at and session.state in OPEN else ""
    as_of = f" · figures of {when(session.at)}" if session.at and session.state in OPEN else ""
    blocks.append(
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text=f"`{literal(session.id)}` · {literal(session.stage)}{since}"
                    f" · asked by {literal(session.started_by)}{ends}{as_of}"
                )
            ]
        )
    )
    if buttons := _buttons(session):
        blocks.append(ActionsBlock(block_id=f"session:{session.id}", elements=buttons))
    return View(text=label(headline), blocks=blocks)


def state_mark(session: SessionSummary) -> str:
    """The mark of a session's state; nothing that is not heard of is green."""
    return STATE_MARK[session.state] if session.silent_since is None else "⚠️"


def silence(session: SessionSummary) -> str:
    """Since when nothing was heard of a session."""
    return f"no sign of life since {when(session.silent_since)}"


def _after_failure(session: SessionSummary) -> str:
    """What became of the orders of a session that failed: by our books, since nobody asked for a proof."""
    if session.open_orders:
        orders = f"*{session.open_orders} open orders* by our books, being cancelled"
    else:
        orders = "0 open orders by our books"
    held = f"STILL HOLDING {quantity(abs(session.position))} {literal(session.base)}"
    return f"{orders}; `/peak orders` asks the venue. {held if session.position else 'Nothing held by it.'}"


def _headline(session: SessionSummary) -> str:
    said = _STATE_SENTENCE[session.state]
    if session.silent_since is not None:
        return f"{session.symbol} gives no sign of life"
    if session.state == "running" and session.stage != "live":
        said = f"is running in {session.stage}"
    return f"{session.symbol} {said}"


def _buttons(session: SessionSummary) -> list[ButtonElement]:
    if session.state not in OPEN:
        return []
    buttons = [] if session.state == "stopping" else [stop_button(session)]
    if session.state == "running":
        buttons.insert(0, pause_button(session))
    if session.state == "paused" and session.stage == "live" and not _has_ended(session):
        buttons.insert(0, ButtonElement(text="Ask to resume", action_id=RESUME, value=session.id))
    return [*buttons, halt_button(f"from the card of {session.id}")] if session.stage == "live" else buttons


def _has_ended(session: SessionSummary) -> bool:
    """Whether its activation is over: then it reduces, and nobody can let it go on."""
    return session.ends_at is not None and session.at is not None and session.at >= session.ends_at


def order_line(facts: dict[str, str]) -> View:
    """An order the venue has accepted."""
    text = (
        f"{facts['side']} {quantity(Decimal(facts['quantity']))} {facts['symbol']} "
        f"{facts.get('type', 'market')}: "
        f"accepted by the venue as {facts.get('venue_order_id', '?')}"
    )
    return _line(("First order: " if facts.get("first") else "Order: ") + text)


# What a session's thread is told of beside its orders and fills.
SESSION_LINES = frozenset({"session.paused", "session.resumed", "activation.ending", "activation.ended"})


def state_line(kind: str, facts: dict[str, str]) -> View:
    """That it is paused, goes on, or ends soon, and why."""
    said = str(facts.get("reason") or facts.get("detail") or "no reason given")
    if kind == "session.paused":
        why = said if said.startswith("paused by") else f"Paused: {said}"
        return _line(f"{as_sentence(why)} It opens nothing, and may still sell.")
    if kind == "session.resumed":
        return _line(f"It goes on. {as_sentence(said)}")
    return _line(as_sentence(said))


def fill_line(facts: dict[str, str]) -> View:
    """One fill."""
    quote = facts["symbol"].split("/")[-1]
    notional = Decimal(facts["quantity"]) * Decimal(facts["price"])
    return _line(
        f"Fill: {facts['side']} {quantity(Decimal(facts['quantity']))} at "
        f"{money(Decimal(facts['price']), quote)} "
        f"= {money(notional, quote)}, fee {quantity(Decimal(facts['fee']))} "
        f"{facts.get('fee_currency', quote)}"
    )


def _line(text: str) -> View:
    return View(
        text=label(text, LOCK_SCREEN_MAX),
        blocks=[SectionBlock(text=MarkdownTextObject(text=literal(text, 2900)))],
    )


def stop_reply(session: SessionSummary) -> View:
    """What a person is told who asked for a stop."""
    return _line(f"{_headline(session)}. {session.proof or session.state_reason}".strip())
