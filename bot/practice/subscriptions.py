"""Events: what the app has subscribed to and may read, told to it as it happens."""

import asyncio
import uuid
from typing import Any

from bot.practice.delivery import Delivery, deliver_event
from bot.practice.identifiers import VERIFICATION_TOKEN, Identifiers
from bot.practice.manifest import Manifest
from bot.practice.people import APP, HOME_TEAM, Person

Body = dict[str, Any]

# The scope without which Slack does not tell of an event, where one is needed.
SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "app_mention": "app_mentions:read",
}
_CHANNEL_TYPES = {"channels": "channel", "groups": "group", "im": "im"}


class Subscriptions:
    """Tells the app of messages and of its opened home; its own messages come back to it, as at Slack.

    A conversation is named by its id and by the word that its scopes begin with: channels, groups or im.
    """

    def __init__(self, manifest: Manifest, identifiers: Identifiers, delivery: Delivery) -> None:
        self._manifest = manifest
        self._identifiers = identifiers
        self._delivery = delivery
        self._tasks: set[asyncio.Task[Any]] = set()

    def posted(self, channel: str, family: str, shown: Body) -> None:
        """Tell of a message, and of the mention of the app in one of a person."""
        self._tell(f"message.{family}", {**shown, **_place(channel, family)}, shown["ts"])
        if f"<@{APP.user_id}>" in shown["text"] and shown["user"] != APP.user_id and family != "im":
            self._tell("app_mention", {**shown, "type": "app_mention", "channel": channel}, shown["ts"])

    def changed(self, channel: str, family: str, shown: Body, before: Body, stamp: str) -> None:
        """Tell of a message that reads otherwise now."""
        change = {"subtype": "message_changed", "hidden": True, "message": shown, "previous_message": before}
        self._tell(f"message.{family}", {**_place(channel, family), **change, "ts": stamp}, stamp)

    def deleted(self, channel: str, family: str, before: Body, stamp: str) -> None:
        """Tell of a message that is gone."""
        change = {"subtype": "message_deleted", "hidden": True, "deleted_ts": before["ts"]}
        told = {**_place(channel, family), **change, "previous_message": before, "ts": stamp}
        self._tell(f"message.{family}", told, stamp)

    def home_opened(self, person: Person, tab: str, home: Body | None) -> None:
        """Tell that somebody looks at the app's home or at its messages; the home's view comes along."""
        event: Body = {"type": "app_home_opened", "user": person.id, "channel": person.dm, "tab": tab}
        if home is not None and tab == "home":
            event["view"] = home
        self._tell("app_home_opened", event, self._identifiers.stamp())

    def stop(self) -> None:
        """Give up what is still to be delivered."""
        for task in self._tasks:
            task.cancel()

    def _tell(self, name: str, event: Body, stamp: str) -> None:
        scope = SCOPES.get(name)
        if name in self._manifest.events and (scope is None or scope in self._manifest.scopes):
            task = asyncio.get_running_loop().create_task(
                deliver_event(self._delivery, self._envelope(event, stamp))
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _envelope(self, event: Body, stamp: str) -> Body:
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": HOME_TEAM.id,
            "api_app_id": APP.app_id,
            "event": {**event, "event_ts": stamp},
            "type": "event_callback",
            "event_id": self._identifiers.of("Ev"),
            "event_time": int(float(stamp)),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": HOME_TEAM.id,
                    "user_id": APP.user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": str(uuid.uuid4()),
        }


def _place(channel: str, family: str) -> Body:
    return {"type": "message", "channel": channel, "channel_type": _CHANNEL_TYPES[family]}
