"""The form that asks for a paused session to go on."""

from slack_sdk.models.blocks import InputBlock, MarkdownTextObject, PlainTextInputElement, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.block_limits import shortened
from bot.summaries import CodeAsked
from bot.views.code_field import code_input
from bot.views.rearm_form import REASON
from bot.views.wording import as_sentence, literal

CALLBACK = "resume.request"


def resume_form(
    metadata: str, symbol: str, paused: str, reason: str = "", code: CodeAsked | None = None
) -> SlackView:
    """Why it was paused, and one question: why it can go on; with a code where one is asked."""
    why = as_sentence(literal(f"{symbol} is paused: {paused}", 600))
    return SlackView(
        type="modal",
        callback_id=CALLBACK,
        title="Resume a session",
        submit="Ask for approval",
        close="Cancel",
        private_metadata=metadata,
        blocks=[
            SectionBlock(
                text=MarkdownTextObject(
                    text=f"{why} On submit the bot checks readiness; somebody else approves, then you press "
                    "*Resume*."
                )
            ),
            InputBlock(
                block_id=REASON,
                label="Why can it go on?",
                element=PlainTextInputElement(
                    action_id=REASON,
                    initial_value=shortened(reason, 300) or None,
                    max_length=300,
                    placeholder="What was found, and what was done",
                ),
            ),
            *code_input(code),
        ],
    )
