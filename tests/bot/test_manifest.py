"""The manifest that people paste into Slack is one that Slack takes, and asks for no more than is used.

`manifest_schema.json` is our own and stricter than Slack's: it knows only the parts that this bot uses. Its
limits are those of the schema that Slack publishes in the repository slackapi/manifest-schema, version 1.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.practice.subscriptions import SCOPES
from bot.views.help import WORDS

MANIFEST = Path(__file__).parents[2] / "config" / "slack_manifest.json"
SCHEMA = Path(__file__).parent / "manifest_schema.json"
SOURCES = Path(__file__).parents[2] / "bot"
USAGE_HINT_MAX, DESCRIPTION_MAX = 1_000, 2_000

# What each scope is for; one without a use is not asked for.
LEAST_SCOPES = {
    "commands",
    "chat:write",
    "files:write",
    "files:read",
    "users:read",
    "im:write",
    "channels:read",
    "groups:read",
    "channels:history",
    "groups:history",
    "im:history",
}


@pytest.fixture
def manifest() -> Any:
    """The manifest as shipped."""
    return json.loads(MANIFEST.read_text("utf-8"))


def faults(manifest: Any) -> list[str]:
    """What the schema has against a manifest."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(manifest)]


def test_slack_takes_the_manifest(manifest: Any) -> None:
    """Names, lengths and types are those that "create app from manifest" accepts."""
    assert faults(manifest) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("display_information", "name"), "x" * 36),
        (("display_information", "background_color"), "blue"),
        (("features", "slash_commands", 0, "command"), "peak"),
        (("features", "slash_commands", 0, "usage_hint"), "x" * 1_001),
        (("features", "slash_commands", 0, "usge_hint"), "a typo"),
        (("features", "slash_commands"), []),
        (("oauth_config", "scopes", "bot"), ["commands", "commands"]),
        (("oauth_config", "scopes", "user"), ["search:read"]),
        (("settings", "interactivity"), {}),
        (("settings", "socket_mode_enabled"), "yes"),
    ],
)
def test_a_fault_in_the_manifest_is_found(manifest: Any, path: tuple[Any, ...], wrong: Any) -> None:
    """The schema is strict enough to fail."""
    changed = holder = copy.deepcopy(manifest)
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = wrong

    assert faults(changed)


def test_the_app_asks_for_the_least_scopes(manifest: Any) -> None:
    """Exactly those it works with, in an order that shows a new one in a difference."""
    scopes = manifest["oauth_config"]["scopes"]["bot"]

    assert set(scopes) == LEAST_SCOPES
    assert scopes == sorted(scopes)


def test_the_commands_are_the_two_that_are_promised(manifest: Any) -> None:
    """One to work with, one for emergencies; neither lets Slack rewrite names into mentions."""
    commands = manifest["features"]["slash_commands"]

    assert [command["command"] for command in commands] == ["/peak", "/peak-kill"]
    assert not any(command["should_escape"] for command in commands)


def test_every_event_that_is_subscribed_is_heard(manifest: Any) -> None:
    """An event without a listener would be load for nothing, a listener without its event deaf."""
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    heard = (SOURCES / "listeners" / "desk.py").read_text("utf-8")

    assert events == ["app_home_opened", "message.im"]
    assert all(f'app.event("{event.partition(".")[0]}")' in heard for event in events)
    assert SCOPES["message.im"] in manifest["oauth_config"]["scopes"]["bot"]


def test_what_the_hint_shows_can_be_typed(manifest: Any) -> None:
    """The first word of each part of the hint is a word that help knows."""
    hint = manifest["features"]["slash_commands"][0]["usage_hint"]
    words = [part.split()[0] for part in hint.split(" | ")]

    assert words
    assert set(words) <= set(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_help_would_fit_into_a_hint(word: str) -> None:
    """How a word is written stays within the hint's limit, what it does within the description's."""
    usage, what = WORDS[word]

    assert usage.startswith("/peak")
    assert 0 < len(usage) <= USAGE_HINT_MAX
    assert 0 < len(what) <= DESCRIPTION_MAX


def test_all_words_together_fit_into_one_hint() -> None:
    """So that the whole list could stand there."""
    assert len(" | ".join(usage.removeprefix("/peak ") for usage, _ in WORDS.values())) <= USAGE_HINT_MAX
