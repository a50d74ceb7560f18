"""Why somebody is not heard: a reason for the record, and one private sentence each."""

from enum import StrEnum


class Unheard(StrEnum):
    """Why the person behind an account is not heard."""

    NOT_ON_ROSTER = "not_on_roster"
    INACTIVE = "inactive"
    OTHER_TEAM = "other_team"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    UNKNOWN_TO_SLACK = "unknown_to_slack"
    UNVERIFIED = "unverified"


# Said where something was tried; whoever only looks has tried nothing.
NOTHING_DONE = ", so nothing was done"

SENTENCES = {
    Unheard.NOT_ON_ROSTER: (
        "Your Slack account is not on this desk's roster, so nothing was done. "
        "If you belong to the desk, ask its owner to enter you."
    ),
    Unheard.INACTIVE: (
        "Your entry on this desk's roster is switched off, so nothing was done. "
        "Ask the desk's owner if it should be on."
    ),
    Unheard.OTHER_TEAM: (
        "You come from another team through a shared channel, and this desk answers its own team alone, "
        "so nothing was done. Ask the person who invited you."
    ),
    Unheard.GUEST: (
        "You are a guest in this workspace, and guests decide nothing at this desk, so nothing was done. "
        "Ask a member of the desk."
    ),
    Unheard.BOT: (
        "This came from a bot, and only people are heard at this desk, so nothing was done. "
        "Let a person of the desk do it."
    ),
    Unheard.DEACTIVATED: (
        "This Slack account is deactivated, so nothing was done. "
        "Use your current account, and have the old one taken off the roster."
    ),
    Unheard.UNKNOWN_TO_SLACK: (
        "Slack does not know this account as one of the workspace, so nothing was done. "
        "Ask the desk's owner to look at the roster."
    ),
    Unheard.UNVERIFIED: (
        "Slack could not be asked whether this account is still good, so nothing was done. "
        "Try again in a moment; to stop trading, /peak-kill works without that."
    ),
}
