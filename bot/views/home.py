"""The App Home tab: the desk in one look, what waits for me, and the way to stop."""

from dataclasses import replace

from slack_sdk.models.blocks import Block, DividerBlock, MarkdownTextObject, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.refusals import NOTHING_DONE
from bot.summaries import StatusSummary
from bot.view import View, as_dicts, as_practice
from bot.views.requests import request_card
from bot.views.status import panel
from bot.views.wording import literal

# More than these wait as lines alone: a Home tab must stay one look.
CARDS_MAX = 2


def home_tab(summary: StatusSummary) -> View:
    """What the Home tab shows: below its buttons, the cards of the requests that wait for its person."""
    whole = summary.cards[:CARDS_MAX]
    if not whole:
        return panel(summary)
    told = {card.id for card in whole}
    others = tuple(item for item in summary.pending_approvals if item.id not in told)
    shown = panel(replace(summary, pending_approvals=others))
    headline, buttons, *rest = shown.blocks
    cards: list[Block] = []
    for card in whole:
        cards += [DividerBlock(), *request_card(card).blocks]
    return View(shown.text, [headline, buttons, *cards, DividerBlock(), *rest])


def home(summary: StatusSummary) -> SlackView:
    """The Home tab of somebody on the roster."""
    view = home_tab(summary)
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
