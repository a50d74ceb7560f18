"""What a command prints: one document for programs, lines for people, and nothing in between."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pytest

from bot.command_line.output import Exit, Output, complain, plain_value, told
from bot.errors import ConfigError, DatabaseNewer


class Colour(StrEnum):
    """Something that has a name."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with every kind of field."""

    amount: Decimal
    at: datetime
    colour: Colour
    names: tuple[str, ...]
    nested: dict[str, object]


THING = Thing(
    Decimal("1E+3"),
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    Colour.RED,
    ("a", "b"),
    {"deep": Decimal("0.10"), "none": None, "yes": True, "set": {1}},
)


def test_values_are_plain_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Amounts and times as text, so that no program rounds them."""
    Output(as_json=True).show(THING, ["for people"])

    assert json.loads(capsys.readouterr().out) == {
        "amount": "1000",
        "at": "2026-11-23T12:00:00+00:00",
        "colour": "red",
        "names": ["a", "b"],
        "nested": {"deep": "0.10", "none": None, "yes": True, "set": [1]},
    }


def test_people_get_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json no braces."""
    Output().show(THING, ["first", "second"])
    assert capsys.readouterr().out == "first\nsecond\n"


def test_a_table_is_one_document_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly one, and nothing beside it."""
    Output(as_json=True).table([THING], "Things", ["name"], [["x"]])

    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == 1
    assert printed.err == ""


def test_a_table_shows_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Markup in somebody's text is not obeyed, and an unknown cell is a dash."""
    Output().table([], "Things", ["name", "pid"], [["[red]boo[/red]", None]])

    printed = capsys.readouterr().out
    assert "[red]boo[/red]" in printed
    assert "-" in printed


def test_a_pipe_gets_every_cell_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut, and each row stays one line, so that grep finds it."""
    ident, why = "live-b3a1c2d4e5f60718293a4b5c6d7e8f90", "the venue refused it " * 12
    Output().table([], "Sessions", ["id", "symbol", "why"], [[ident, "BTC/USD", why.strip()]])

    (row,) = [line for line in capsys.readouterr().out.splitlines() if ident in line]
    assert why.strip() in row


def test_a_narrow_terminal_cuts_no_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is folded instead."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    ident = "live-b3a1c2d4e5f60718293a4b5c"
    Output().table([], "Sessions", ["id", "symbol", "why"], [[ident, "BTC/USD", "the venue refused it"]])

    printed = capsys.readouterr().out
    assert ident in printed
    assert "…" not in printed


HOSTILE = "a\x1b[2Jb\x1b]0;title\x07c\u202ed\x9be\u2028f\x7fg\ud83dh\r"


@pytest.mark.parametrize("command", ["show", "table", "complain"])
def test_nothing_that_a_terminal_acts_on_is_printed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An alert or the error of a strategy cannot clear the screen, turn the line round or set the title."""
    if command == "complain":
        complain(HOSTILE)
    elif command == "show":
        Output().show(None, [HOSTILE])
    else:
        Output().table([], "Things", ["name"], [[HOSTILE]])

    printed = "".join(capsys.readouterr())
    assert all(letter.isprintable() or letter == "\n" for letter in printed)
    assert "[2Jb" in printed


def test_an_empty_table_says_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is a sentence too."""
    Output().table([], "Sessions", ["id"], [])
    assert capsys.readouterr().out == "Sessions: none\n"


def test_complaints_are_no_results(capsys: pytest.CaptureFixture[str]) -> None:
    """They go where a program does not read."""
    complain("That is wrong.")

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "That is wrong.\n")


@pytest.mark.parametrize(
    "error",
    [
        ConfigError(file="config.toml", key="desk.symbols", value="7", allowed="a list"),
        DatabaseNewer(found="0002", known="0001"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_exit_2(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and nothing on standard output."""
    with pytest.raises(SystemExit) as ended, told():
        raise error

    printed = capsys.readouterr()
    assert ended.value.code == Exit.WRONG_USE == 2
    assert printed.out == ""
    assert printed.err == f"{error}\n"


def test_bugs_are_not_hidden() -> None:
    """Only our own errors are turned into sentences."""
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_exit_codes_are_those_that_programs_rely_on() -> None:
    """They are part of the interface."""
    assert [code.value for code in Exit] == [0, 1, 2, 3, 4]
    assert plain_value(Exit.UNKNOWN) == 4
