"""Who is behind a Slack account, and who is nobody here."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from approvals.person import Account, Person, Roster
from bot.refusals import SENTENCES, Unheard

log = logging.getLogger(__name__)

LOOKUP_KEPT_S = 60.0
LOOKUPS_KEPT_MAX = 1_000

# What somebody who is not on the roster is told rather than just that.
SAID_TO_UNLISTED = frozenset({Unheard.GUEST, Unheard.OTHER_TEAM, Unheard.BOT, Unheard.DEACTIVATED})

# Gives the `user` of Slack's users.info for a user id; raises LookupError when Slack knows no such user,
# and anything else when Slack could not be asked.
UsersInfo = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stranger:
    """An account that is not heard, and why."""

    account: Account
    reason: Unheard

    @property
    def sentence(self) -> str:
        """What that account is told, in private."""
        return SENTENCES[self.reason]


class Identity:
    """The roster, and Slack's word on whether an account is still what the roster takes it for."""

    def __init__(
        self,
        roster: Callable[[], Roster],
        users_info: UsersInfo,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`roster` gives the one in force, which may change while the bot runs."""
        self._roster = roster
        self._users_info = users_info
        self._monotonic = monotonic
        self._kept: dict[Account, tuple[float, Unheard | None]] = {}
        self._lock = Lock()

    def person(self, account: Account, *, fresh: bool = False) -> Person | Stranger:
        """The person behind an account.

        With `fresh`, for everything protected, Slack is asked too (at most 60 s ago) and silence is a no.
        Without it the roster is enough, and works while Slack does not answer.
        """
        person = self._roster().by_account(account)
        if person is not None and not person.active:
            return Stranger(account, Unheard.INACTIVE)
        if person is not None and not fresh:
            return person
        doubt = self._doubt(account)
        if person is not None:
            return person if doubt is None else Stranger(account, doubt)
        return Stranger(account, doubt if doubt in SAID_TO_UNLISTED else self._unlisted(account))

    def forget(self) -> None:
        """Ask Slack again about everybody, for instance after a change of the roster."""
        with self._lock:
            self._kept.clear()

    def _unlisted(self, account: Account) -> Unheard:
        home = {own.team for person in self._roster() for own in person.accounts}
        return Unheard.NOT_ON_ROSTER if account.team in home or not home else Unheard.OTHER_TEAM

    def _doubt(self, account: Account) -> Unheard | None:
        """What Slack holds against an account; None when nothing."""
        with self._lock:
            asked_at, doubt = self._kept.get(account, (None, None))
        if asked_at is not None and self._monotonic() - asked_at < LOOKUP_KEPT_S:
            return doubt
        asked_at = self._monotonic()
        doubt = self._ask(account)
        if doubt is not Unheard.UNVERIFIED:
            with self._lock:
                if len(self._kept) >= LOOKUPS_KEPT_MAX:
                    self._kept.clear()
                self._kept[account] = (asked_at, doubt)
        return doubt

    def _ask(self, account: Account) -> Unheard | None:
        try:
            user = self._users_info(account.user)
        except LookupError:
            return Unheard.UNKNOWN_TO_SLACK
        except Exception as error:  # whatever keeps Slack from answering: unknown means no
            log.warning("users.info of %s failed: %s", account, error)
            return Unheard.UNVERIFIED
        return verdict(account, user)


def verdict(account: Account, user: Mapping[str, Any]) -> Unheard | None:
    """What a users.info answer holds against an account; an answer that says too little is no answer."""
    if not isinstance(user, Mapping) or user.get("id") != account.user:
        return Unheard.UNVERIFIED
    if not isinstance(user.get("deleted"), bool) or not isinstance(user.get("team_id"), str):
        return Unheard.UNVERIFIED
    if user["deleted"]:
        return Unheard.DEACTIVATED
    if user.get("is_bot") or account.user == "USLACKBOT":
        return Unheard.BOT
    if user.get("is_stranger") or user["team_id"] != account.team:
        return Unheard.OTHER_TEAM
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Unheard.GUEST
    return None


def slack_users_info(client: WebClient) -> UsersInfo:
    """Ask the workspace that a client is connected to."""

    def ask(user: str) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = client.users_info(user=user)["user"]
        except SlackApiError as error:
            if error.response.get("error") in ("user_not_found", "user_not_visible"):
                raise LookupError(user) from error
            raise
        return answer

    return ask
