"""Rule 18: a shell may look, ask and stop; what needs two persons is answered in Slack alone."""

import ast
from pathlib import Path

import click
import pytest
import typer.main

import bot.command_line
from bot.cli import app
from bot.installation import read_installation
from bot.settings import Environment
from tests.bot.command_line.conftest import Shell
from tests.bot.intake import Clock

GRANTS = {"AnswerRequest", "GoLive", "ResumeLive", "ClearHalt", "FinishDrill"}
GRANTS |= {"record_vote", "claim_execution", "issue"}


def commands(command: click.Command, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command that can be typed, as its words."""
    below = getattr(command, "commands", None)
    if below is None:
        return [before]
    return [words for name, each in below.items() for words in commands(each, (*before, name))]


def test_rule_18_of_approvals_a_shell_lists_shows_and_verifies() -> None:
    """There is no other command for them, by whatever name."""
    typed = {words for words in commands(typer.main.get_command(app)) if "approvals" in words}
    assert typed == {("approvals", word) for word in ("list", "show", "verify")}


def test_rule_18_no_command_of_the_shell_grants() -> None:
    """None of them names what votes, carries out, or clears."""
    for path in Path(bot.command_line.__file__).parent.glob("*.py"):
        named = {
            getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        }
        assert not named & GRANTS, path.name


def test_rule_18_a_drill_from_the_shell_waits_for_its_askers_yes(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is filed for somebody of the roster, whose yes is still to come; a stranger's name is refused."""
    shell("db", "upgrade")
    installation = read_installation(Environment.from_environ(), Clock())
    installation.take_files_as_in_force()
    stranger = shell("drill", "approval", "--by", "Mallory")
    assert (stranger.code, stranger.out) == (2, "")
    assert "Nobody on the roster is called 'Mallory': Olivia, Otto" in stranger.err
    assert "no role" in shell("drill", "approval", "--by", "Sam").err

    asked = shell("drill", "approval", "--by", "otto")
    assert asked.code == 0, asked.err
    assert "carries no yes: Otto gives the first one" in asked.out
    with installation.storage().reading() as tx:
        (request,) = tx.requests.recent(5)
        assert (request.action, tx.requests.votes(request.id)) == ("drill.approval", ())
    assert shell("drill", "approval", "--by", "Otto").code == 3
