"""The form that asks for a live session, and how its answers are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View as SlackView

from bot.summaries import CodeAsked, LimitUse
from bot.views.code_field import code_input
from bot.views.wording import label, limit_words, literal, whole_or_cents

CALLBACK = "live.request"
TIMEFRAMES = ("1m", "5m", "15m", "1h")

CHECKLIST = {
    "testnet": "The testnet phase of this strategy is complete",
    "limits": "The risk limits are conservative for this start",
    "halt": "The halt was tried within the last 30 days",
    "contacts": "The emergency contacts are current",
    "present": "Two of us are here while it starts",
}


@dataclass(frozen=True, slots=True)
class LiveForm:
    """What the form shows before anybody has typed: choices, limits, and what the command already said."""

    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    limits: tuple[LimitUse, ...]
    exchange: str
    strategy: str = ""
    symbol: str = ""
    timeframe: str = "1m"
    notional: str = ""
    practice: bool = False
    code: CodeAsked | None = None


@dataclass(frozen=True, slots=True)
class LiveAnswers:
    """What a person put into the form, still as text."""

    strategy: str
    symbol: str
    timeframe: str
    notional: str
    reason: str
    ticked: tuple[str, ...]


def live_form(form: LiveForm, metadata: str = "") -> SlackView:
    """The modal; strategies and symbols come from the configuration."""
    limits = ", ".join(
        f"{label(limit_words(each.name), 60)} {whole_or_cents(each.limit)} {label(each.unit, 20)}".rstrip()
        for each in form.limits
    )
    money = "PRACTICE · Orders go to the practice account of" if form.practice else "Real orders on"
    blocks: list[Block] = [
        SectionBlock(
            text=MarkdownTextObject(
                text=f"{money} *{literal(form.exchange)}*. Nothing starts before somebody else has approved."
            )
        ),
        _choice("strategy", "Strategy", form.strategies, form.strategy),
        _choice("symbol", "Symbol", form.symbols, form.symbol),
        _choice("timeframe", "Bars", TIMEFRAMES, form.timeframe),
        InputBlock(
            block_id="notional",
            label="Notional, at most",
            hint=f"In the symbol's quote currency. Limits in force: {limits}",
            element=PlainTextInputElement(
                action_id="notional",
                initial_value=form.notional or None,
                placeholder="for example 100",
                max_length=40,
            ),
        ),
        InputBlock(
            block_id="reason",
            label="Reason",
            element=PlainTextInputElement(
                action_id="reason", max_length=300, placeholder="What the approver should know"
            ),
        ),
        InputBlock(
            block_id="checklist",
            label="Before we start",
            element=CheckboxesElement(
                action_id="checklist",
                options=[Option(value=key, text=text) for key, text in CHECKLIST.items()],
            ),
        ),
        *code_input(form.code),
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text="On submit the bot checks readiness and previews the orders, then asks the others."
                )
            ]
        ),
    ]
    return SlackView(
        type="modal",
        callback_id=CALLBACK,
        title="Start a live session",
        submit="Ask for approval",
        close="Cancel",
        private_metadata=metadata,
        blocks=blocks,
    )


def _choice(name: str, title: str, values: Sequence[str], chosen: str) -> InputBlock:
    options = [Option(value=value, text=label(value, 75)) for value in values]
    initial = next((option for option in options if option.value == chosen), None)
    return InputBlock(
        block_id=name,
        label=title,
        element=StaticSelectElement(
            action_id=name, options=options, initial_option=initial, placeholder="Choose one"
        ),
    )


def answers(state_values: Mapping[str, Any]) -> LiveAnswers:
    """Read a submitted form; what is missing or of another shape reads as empty."""

    def element(name: str) -> dict[str, Any]:
        block = state_values.get(name)
        found = block.get(name) if isinstance(block, Mapping) else None
        return found if isinstance(found, dict) else {}

    def chosen(name: str) -> str:
        option = element(name).get("selected_option")
        return str(option.get("value", "")) if isinstance(option, dict) else ""

    ticked = element("checklist").get("selected_options")
    return LiveAnswers(
        strategy=chosen("strategy"),
        symbol=chosen("symbol"),
        timeframe=chosen("timeframe"),
        notional=str(element("notional").get("value") or ""),
        reason=str(element("reason").get("value") or ""),
        ticked=tuple(str(o.get("value")) for o in ticked if isinstance(o, dict))
        if isinstance(ticked, list)
        else (),
    )
