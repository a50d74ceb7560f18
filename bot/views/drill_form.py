"""The form that asks for a drill: what will happen, and a code where one is asked."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.summaries import CodeAsked
from bot.views.code_field import code_input

CALLBACK = "drill.request"


def drill_form(metadata: str = "", code: CodeAsked | None = None) -> SlackView:
    """Nothing to decide but whether to begin."""
    return SlackView(
        type="modal",
        callback_id=CALLBACK,
        title="Drill an approval",
        submit="Begin the drill",
        close="Cancel",
        private_metadata=metadata,
        blocks=[
            SectionBlock(
                text=MarkdownTextObject(
                    text="A card marked *DRILL* goes to the approvals channel and waits for the people of a "
                    "live start. Once it is approved you press *Finish the drill*. Nothing is started; what "
                    "is measured is how long the answer takes."
                )
            ),
            *code_input(code),
        ],
    )
