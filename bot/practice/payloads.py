"""What the app is told, in Slack's wire format."""

import copy
from dataclasses import dataclass
from typing import Any

from bot.practice.blocks import Block
from bot.practice.channels import Channel, Message
from bot.practice.content import as_kept, escaped
from bot.practice.identifiers import VERIFICATION_TOKEN, Identifiers
from bot.practice.inputs import Entry, Values
from bot.practice.people import APP, HOME_TEAM, Person
from bot.practice.tickets import Tickets
from bot.practice.views import View

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Press:
    """One use of one element: a button pressed, an option chosen."""

    block: Block
    element: Block
    entry: Entry | None


class Payloads:
    """Builds payloads; each takes a trigger id, and a response address where Slack gives one."""

    def __init__(self, identifiers: Identifiers, tickets: Tickets, base_url: str) -> None:
        self._identifiers = identifiers
        self._tickets = tickets
        self._base_url = base_url

    def command(self, person: Person, channel: Channel, command: str, text: str) -> Payload:
        """Build the form of a slash command."""
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": person.team.id,
            "team_domain": person.team.domain,
            "channel_id": channel.id,
            "channel_name": channel.name_for_app,
            "user_id": person.id,
            "user_name": person.name.lower(),
            "command": command,
            "text": escaped(text),
            "api_app_id": APP.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(self._tickets.address_for(person.id, channel.id)),
            "trigger_id": self._tickets.trigger_for(person.id),
        }

    def message_action(
        self, person: Person, channel: Channel, message: Message, shown: Payload, press: Press
    ) -> Payload:
        """Build block_actions for an element in a message; an ephemeral message itself is not sent along."""
        ephemeral = message.seen_by is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        address = self._tickets.address_for(person.id, channel.id, message.ts, message.thread_ts)
        payload = {
            **self._interaction("block_actions", person),
            "container": container,
            "channel": {"id": channel.id, "name": channel.name_for_app},
            "state": {"values": copy.deepcopy(message.state_for(person.id))},
            "response_url": self._response_url(address),
            "actions": [self._action(press)],
        }
        return payload if ephemeral else {**payload, "message": shown}

    def view_action(self, person: Person, view: View, press: Press) -> Payload:
        """Build block_actions for an element in a modal or the home."""
        return {
            **self._interaction("block_actions", person, view.id),
            "container": {"type": "view", "view_id": view.id},
            "view": view.to_slack(),
            "actions": [self._action(press)],
        }

    def submission(self, person: Person, view: View) -> Payload:
        """Build view_submission."""
        interaction = self._interaction("view_submission", person, view.id)
        return {**interaction, "view": view.to_slack(), "response_urls": []}

    def closing(self, person: Person, view: View, *, is_cleared: bool) -> Payload:
        """Build view_closed, which carries no trigger."""
        payload = {**self._interaction("view_closed", person), "view": view.to_slack()}
        del payload["trigger_id"]
        return {**payload, "is_cleared": is_cleared}

    def shortcut(self, person: Person, callback_id: str) -> Payload:
        """Build a global shortcut: no channel, no answer address."""
        interaction = self._interaction("shortcut", person)
        return {**interaction, "callback_id": callback_id, "action_ts": self._identifiers.stamp()}

    def message_shortcut(
        self, person: Person, channel: Channel, message: Message, shown: Payload, callback_id: str
    ) -> Payload:
        """Build message_action: a shortcut used on a message."""
        address = self._tickets.address_for(person.id, channel.id, message.ts, message.thread_ts)
        return {
            **self._interaction("message_action", person),
            "callback_id": callback_id,
            "action_ts": self._identifiers.stamp(),
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": channel.name_for_app},
            "message": shown,
            "response_url": self._response_url(address),
        }

    def _interaction(self, kind: str, person: Person, view_id: str | None = None) -> Payload:
        name = person.name.lower()
        return {
            "type": kind,
            "token": VERIFICATION_TOKEN,
            "user": {"id": person.id, "username": name, "name": name, "team_id": person.team.id},
            "api_app_id": APP.app_id,
            "team": {"id": HOME_TEAM.id, "domain": HOME_TEAM.domain},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": self._tickets.trigger_for(person.id, view_id),
        }

    def _action(self, press: Press) -> Payload:
        element = press.element
        parts: Payload = {
            key: element[key] for key in ("text", "value", "url", "style", "confirm") if key in element
        }
        return {
            **as_kept(parts if press.entry is None else press.entry),
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": press.block["block_id"],
            "action_ts": self._identifiers.stamp(),
        }

    def _response_url(self, word: str) -> str:
        return f"{self._base_url}/response/{word}"


def merged(values: Values, block_id: str, action_id: str, entry: Entry) -> None:
    """Note one entry in a view's or message's state."""
    values.setdefault(block_id, {})[action_id] = entry
