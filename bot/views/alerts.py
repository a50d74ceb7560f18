"""An alert: what happened, what to do, and who has taken it."""

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.block_limits import shortened
from bot.summaries import AlertSummary
from bot.view import View
from bot.views.sessions import halt_button
from bot.views.wording import SEVERITY_MARK, as_sentence, label, literal, when, with_readers_time

ACKNOWLEDGE = "alert.acknowledge"


def alert_card(alert: AlertSummary) -> View:
    """The whole alert, drawn from its row."""
    blocks: list[Block] = [
        HeaderBlock(text=_headline(alert)),
    ]
    if detail := literal(as_sentence(alert.detail), 2900):
        told = with_readers_time(detail, alert.at)
        blocks.append(SectionBlock(text=MarkdownTextObject(text=shortened(told, 3000))))
    if alert.advice:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=f"*Next* {literal(alert.advice, 2800)}")))
    times = f" · {alert.times} times" if alert.times > 1 else ""
    where = f" · session `{literal(alert.session_id)}`" if alert.session_id else ""
    blocks.append(
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text=f"{literal(alert.severity)} · {when(alert.at)}{times}{where} · {_taken(alert)}"
                )
            ]
        )
    )
    buttons = [halt_button(f"alert: {alert.title}")]
    if alert.acknowledged_by is None:
        buttons.insert(
            0, ButtonElement(text="Acknowledge", action_id=ACKNOWLEDGE, value=alert.id, style="primary")
        )
    blocks.append(ActionsBlock(block_id=f"alert:{alert.id}", elements=buttons))
    return View(text=label(f"{alert.severity.upper()}: {alert.title}", 300), blocks=blocks)


def _headline(alert: AlertSummary) -> str:
    """Whether somebody has it is seen before anything else."""
    if alert.acknowledged_by is not None:
        return label(f"☑️ {alert.acknowledged_by} has it: {alert.title}")
    return f"{SEVERITY_MARK.get(alert.severity, '🔶')} {label(alert.title)}"


def _taken(alert: AlertSummary) -> str:
    if alert.acknowledged_by is None:
        return "nobody has acknowledged it yet"
    return f"acknowledged by {literal(alert.acknowledged_by)} at {when(alert.acknowledged_at)}"
