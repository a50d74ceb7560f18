"""The App Home tab: the desk in one look, what waits for me, and the way to stop."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.summaries import StatusSummary
from bot.views.status import panel
from bot.views.wording import literal


def home(summary: StatusSummary) -> SlackView:
    """The Home tab of somebody on the roster."""
    return SlackView(type="home", callback_id="home", blocks=panel(summary).blocks)


def home_refused(why: str) -> SlackView:
    """The Home tab of anybody else: a sentence, no figures."""
    return SlackView(
        type="home",
        callback_id="home",
        blocks=[SectionBlock(text=MarkdownTextObject(text=literal(why, 2900)))],
    )
