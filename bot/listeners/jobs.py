"""Work that follows a form: saved like anything from Slack before the form is acknowledged, done afterwards.

A job is an event that only this bot writes; nothing that Slack delivers can be one, since the key of a job
begins with a word of its own. It is signed: it says how surely somebody was the person, and whoever can write
to the database could say so for others.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from bot.errors import BotError
from bot.inbox import Inbox
from bot.listeners.incoming import Incoming, incoming
from bot.payloads import Delivery, Kind

SAVE_TIMEOUT_S = 2.5
PREFIX = "job:"


class NotAJob(BotError):
    """{cause} is no job of this bot, so nothing was done. Somebody has tried to pass one in from outside."""

    cause: str


class Jobs:
    """Saves jobs and reads them back."""

    def __init__(self, inbox: Inbox, key: bytes) -> None:
        self._inbox = inbox
        self._key = key

    def save(self, name: str, said: Incoming, facts: Mapping[str, Any]) -> None:
        """Have a job on disk; raises TimeoutError when that takes longer than Slack waits."""
        account = said.account
        key = f"{PREFIX}{said.cause}"[:300]
        payload = {
            "type": "event_callback",
            "team_id": account.team if account else "",
            "event": {
                "type": name,
                "user": account.user if account else "",
                "user_team": account.team if account else "",
                "channel": said.channel or said.view_metadata,
                "facts": dict(facts),
                "mac": self._mac(name, key, str(account or ""), facts),
            },
        }
        delivery = Delivery(Kind.EVENT, key, str(account or ""), "", payload)
        self._inbox.accept(delivery).result(timeout=SAVE_TIMEOUT_S)

    def read(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[Incoming, Mapping[str, Any]]:
        """Who asked for the job, and its facts; raises NotAJob for anything that we have not written."""
        said, event = incoming(body, context), body["event"]
        facts: Mapping[str, Any] = event.get("facts", {})
        mac = self._mac(str(event["type"]), said.cause, str(said.account or ""), facts)
        if not said.cause.startswith(PREFIX) or not hmac.compare_digest(str(event.get("mac", "")), mac):
            raise NotAJob(cause=said.cause)
        return said, facts

    def _mac(self, name: str, key: str, account: str, facts: Mapping[str, Any]) -> str:
        signed = json.dumps(["job", name, key, account, dict(facts)], sort_keys=True)
        return hmac.new(self._key, signed.encode(), sha256).hexdigest()
