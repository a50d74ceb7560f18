"""The release document of a live activation, in Markdown: who let what run, when and why."""

from datetime import datetime

from bot.escape import markdown
from bot.summaries import Release
from bot.views.live_form import CHECKLIST
from bot.views.requests import parameters
from bot.views.wording import limit_words
from trading.limits import LIMIT_NAMES

ASSURANCE = {"totp": "code of the second factor", "recovery": "recovery code", "none": "Slack session alone"}
EXECUTION = {
    "claimed": "is starting",
    "executed": "done",
    "failed": "failed",
    "unknown": "outcome unknown",
}


def release_document(release: Release) -> str:
    """The whole document, drawn from the request as it stands now."""
    card = release.card
    parts = [
        f"# {'PRACTICE: ' if release.practice else ''}{markdown(card.title)}",
        "Written by Peak Ops from its database, and anew when the outcome is known. It proves nothing by "
        "itself: the record does.",
        _table("What", _facts(release)),
        "## What it runs under\n\n" + _table("Limit", _limits(card.payload)),
        "## What was looked at before\n\n" + _table("Check", _evidence(release)),
        "## Who said what\n\n" + _votes(release),
        "## What was approved\n\nThe exact text; its SHA-256 is the digest "
        f"`{card.digest}`.\n\n```json\n{release.payload_text}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _facts(release: Release) -> dict[str, str]:
    card = release.card
    plan = card.payload.get("plan", {})
    outcome = f": {card.outcome}" if card.outcome else ""
    return {
        "Request": f"{card.name} ({card.id})",
        "Session": card.session_id or "none",
        "Asked by": f"{card.requested_by}, {_moment(card.created_at)}",
        "Why": card.reason or "no reason given",
        "Approved": _moment(card.decided_at),
        "Carried out": f"{EXECUTION.get(card.execution, card.execution)}{outcome}, "
        f"{_moment(release.carried_out_at)}",
        "Account": f"{plan.get('exchange')} ({card.payload.get('venue_url')})",
        "Strategy": f"{plan.get('strategy')} {parameters(plan)}",
        "Symbol, bars": f"{plan.get('symbol')} {plan.get('timeframe')}",
        "At most": f"{plan.get('notional_max')} {str(plan.get('symbol', '/')).split('/')[-1]}",
        "Program": str(card.payload.get("code_version", "")),
        "Row of the record": release.row,
    }


def _limits(payload: dict[str, object]) -> dict[str, str]:
    limits = payload.get("limits")
    if not isinstance(limits, dict):
        return {}
    units = {name: "%" if name.endswith("_pct") else limits.get("currency") for name in LIMIT_NAMES}
    return {limit_words(name): f"{limits[name]} {units[name]}" for name in LIMIT_NAMES if name in limits}


def _evidence(release: Release) -> dict[str, str]:
    ticked = dict.fromkeys(CHECKLIST.values(), f"ticked by {release.card.requested_by}")
    found = {name.capitalize(): str(value) for name, value in release.card.evidence.items()}
    return {**found, **ticked}


def _votes(release: Release) -> str:
    head = "| Person | Account | Word | When | Known by | Reason |\n|---|---|---|---|---|---|"
    rows = [
        _row(
            vote.person,
            vote.account,
            vote.word,
            _moment(vote.at),
            ASSURANCE.get(vote.step_up, vote.step_up),
            vote.reason,
        )
        for vote in release.votes
    ]
    return "\n".join([head, *rows])


def _table(heading: str, pairs: dict[str, str]) -> str:
    return "\n".join([f"| {heading} | |\n|---|---|", *(_row(name, value) for name, value in pairs.items())])


def _row(*cells: str) -> str:
    return "| " + " | ".join(markdown(cell) for cell in cells) + " |"


def _moment(at: datetime | None) -> str:
    return "unknown" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
