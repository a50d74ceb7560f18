"""The App Home tab: the desk in one look, what waits for me, and the way to stop."""

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.refusals import NOTHING_DONE
from bot.summaries import StatusSummary
from bot.view import as_dicts, as_practice
from bot.views.status import panel
from bot.views.wording import literal


def home(summary: StatusSummary) -> SlackView:
    """The Home tab of somebody on the roster."""
    view = panel(summary)
    blocks = as_dicts(view.blocks)
    if summary.practice:
        _, blocks = as_practice(view.text, blocks)
    return SlackView(type="home", callback_id="home", blocks=blocks)


def home_refused(why: str) -> SlackView:
    """The Home tab of anybody else: a sentence, no figures; who only looks has tried nothing."""
    why = why.replace(NOTHING_DONE, "", 1)
    return SlackView(
        type="home",
        callback_id="home",
        blocks=[SectionBlock(text=MarkdownTextObject(text=literal(why, 2900)))],
    )
