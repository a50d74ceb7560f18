"""The manifest that a real Slack is given, as the workspace reads it."""

import pytest

from bot.practice.manifest import Manifest
from tests.bot.practice.conftest import MANIFEST

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


def test_the_app_asks_for_no_more_than_it_needs() -> None:
    """A scope more is a right more for whoever steals the token."""
    assert Manifest.read(MANIFEST).scopes == LEAST_SCOPES


def test_hints_fit_into_slacks_limits() -> None:
    """Every command has a description of at most 2,000 and a hint of at most 1,000 characters."""
    commands = Manifest.read(MANIFEST).commands

    assert [each.command for each in commands] == ["/peak", "/peak-kill"]
    for each in commands:
        assert 0 < len(each.description) <= 2_000
        assert 0 < len(each.usage_hint) <= 1_000


@pytest.mark.parametrize(
    ("typed", "command", "rest"),
    [
        ("/peak", "/peak", ""),
        ("/peak  status ", "/peak", "status"),
        ("/peak-kill price feed", "/peak-kill", "price feed"),
        ("/peak\nstatus", "/peak", "status"),
    ],
)
def test_a_typed_line_is_split_into_command_and_text(typed: str, command: str, rest: str) -> None:
    """The longer command is not mistaken for the shorter with a text."""
    found = Manifest.read(MANIFEST).command_in(typed)

    assert found is not None
    assert (found[0].command, found[1]) == (command, rest)


@pytest.mark.parametrize("typed", ["/peaks", "peak", "", " "])
def test_other_lines_are_no_commands(typed: str) -> None:
    """Only what the manifest names is a command."""
    assert Manifest.read(MANIFEST).command_in(typed) is None
