"""A halt as the desk sees it: how long each step took, what the venue proved, what is still held."""

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, SectionBlock

from bot.block_limits import shortened
from bot.summaries import Clearing, HaltOutcome, HaltSummary
from bot.view import View
from bot.views.wording import label, literal, milliseconds, quantity, when

_WAITING = "the gate is shut; cancelling, waiting for the venue's proof"
_LATE = (
    "*NOT PROVEN yet*: the gate is shut, but the venue has not confirmed that no order is left. "
    "Look at the venue's own page now; the bot goes on asking"
)


def halt_card(halt: HaltSummary, cleared: Clearing | None = None, *, late: bool = False) -> View:
    """Never says flat when it means halted, nor halted when two people have cleared it.

    `late`: the venue had time enough to prove it, and has not.
    """
    headline = f"{halt.by} halted everything: {halt.reason}"
    blocks: list[Block] = [
        HeaderBlock(
            text=_headline(halt, late) if cleared is None else "⚪ Cleared: nothing is halted any more"
        ),
        SectionBlock(text=MarkdownTextObject(text=f"*{literal(headline, 1500)}*")),
    ]
    for outcome in halt.outcomes:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=_account(outcome))))
        if outcome.steps:
            steps = " → ".join(f"{literal(step.name)} {milliseconds(step.at_ms)}" for step in outcome.steps)
            blocks.append(ContextBlock(elements=[MarkdownTextObject(text=shortened(steps, 1900))]))
    blocks.extend(
        SectionBlock(text=MarkdownTextObject(text=f"*{literal(exchange)}*: {_LATE if late else _WAITING}"))
        for exchange in halt.waiting_for
    )
    blocks.append(
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text=f"Since {when(halt.at)}{_measured(halt)}. Nothing new is sent until two people "
                    "clear it with `/peak rearm &lt;reason&gt;`."
                    if cleared is None
                    else _cleared(halt, cleared)
                )
            ]
        )
    )
    state = _state(halt, late) if cleared is None else "Cleared"
    return View(text=label(f"{state}. {headline}", 600), blocks=blocks)


def _cleared(halt: HaltSummary, cleared: Clearing) -> str:
    others = ", ".join(literal(name, 60) for name in cleared.approvers) or "nobody"
    return (
        f"Halted {when(halt.at)}. *Cleared {when(cleared.at)} by {literal(cleared.by, 60)}, with {others}.* "
        "Its sessions stay ended."
    )


def _headline(halt: HaltSummary, late: bool) -> str:
    state = _state(halt, late)
    mark = "🛑" if state in ("HALTED and proven", "HALTED, proof under way") else "🚨"
    return f"{mark} {state}" if halt.latch_ms is not None else f"🚨 {state}, but not written to disk"


def _state(halt: HaltSummary, late: bool) -> str:
    """The three things that a halt can be, told apart at a glance and on a lock screen."""
    if halt.proven:
        return "HALTED and proven"
    if halt.waiting_for and not late and all(outcome.proven for outcome in halt.outcomes):
        return "HALTED, proof under way"
    return "HALTED, NOT PROVEN"


def _measured(halt: HaltSummary) -> str:
    """How fast the latch was; by a file or the shell nobody measured it."""
    return f", latch on disk after {milliseconds(halt.latch_ms)}" if halt.latch_ms else ""


def _account(outcome: HaltOutcome) -> str:
    if outcome.proven:
        late = f" {when(outcome.proven_at)}, later than it was asked for" if outcome.proven_at else ""
        proof = f"{outcome.open_orders} orders, proven by the venue{late}"
    else:
        proof = (
            f"NOT PROVEN: {literal(outcome.detail, 500) or 'the venue did not confirm'}. Look at "
            "the venue's own page now"
        )
    held = ", ".join(
        f"{quantity(abs(amount))} {literal(asset, 20)}" for asset, amount in outcome.held if amount
    )
    still = f"*STILL HOLDING {held}*" if held else _nothing(outcome)
    doubt = f" ({literal(outcome.detail, 500)})" if outcome.proven and outcome.detail else ""
    return shortened(f"*{literal(outcome.exchange)}*: {proof}. {still}{doubt}{_foreign(outcome)}", 2900)


def _foreign(outcome: HaltOutcome) -> str:
    """A halt cancels the whole account: whoever else has traded on it must hear of that."""
    if not outcome.foreign:
        return ""
    orders = "1 order" if outcome.foreign == 1 else f"{outcome.foreign} orders"
    return f". {orders} that this desk has not sent went with ours"


def _nothing(outcome: HaltOutcome) -> str:
    """What an empty list says: nothing held, but only where the venue has answered everything."""
    if outcome.proven and not outcome.detail:
        return "Nothing held by our sessions"
    return "*What is held is not known*"
