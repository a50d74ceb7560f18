"""What the app's manifest promises: its name, commands, scopes and events."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as people see it in the hint list."""

    command: str
    description: str
    usage_hint: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut as people see it in a menu; one for messages is used on a message."""

    name: str
    callback_id: str
    is_for_messages: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of a Slack app manifest that shape the workspace."""

    name: str
    commands: tuple[Command, ...]
    scopes: frozenset[str]
    events: frozenset[str]
    shortcuts: tuple[Shortcut, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest file; a missing part counts as empty."""
        manifest = json.loads(path.read_text(encoding="utf-8"))
        features = manifest.get("features", {})
        commands = tuple(
            Command(entry["command"], entry.get("description", ""), entry.get("usage_hint", ""))
            for entry in features.get("slash_commands", [])
        )
        scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])
        events = manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", [])
        name = features.get("bot_user", {}).get("display_name") or manifest["display_information"]["name"]
        shortcuts = tuple(
            Shortcut(entry["name"], entry["callback_id"], entry["type"] == "message")
            for entry in features.get("shortcuts", [])
        )
        return cls(name, commands, frozenset(scopes), frozenset(events), shortcuts)

    def command_in(self, text: str) -> tuple[Command, str] | None:
        """Split a typed line into a known command and what follows it."""
        word, *rest = text.strip().split(maxsplit=1) or [""]
        for command in self.commands:
            if command.command == word:
                return command, "".join(rest)
        return None
