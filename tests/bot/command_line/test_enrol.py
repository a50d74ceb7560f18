"""`peak-ops enrol`: proven by a code, shown once, refused the second time."""

import io
import re
from pathlib import Path

import pyotp
import pytest

from bot.clock import system_clock
from bot.installation import Installation, read_installation
from bot.settings import Environment
from tests.bot.command_line.conftest import Shell, Told


def installation() -> Installation:
    """The desk that the shell's environment names."""
    return read_installation(Environment.from_environ(), system_clock)


class Typing(io.StringIO):
    """A keyboard on which the code is typed that an app shows for the secret on the screen."""

    def __init__(self, capture: pytest.CaptureFixture[str], wrong: int) -> None:
        super().__init__()
        self._capture = capture
        self._wrong = wrong
        self.seen, self.complaints = "", ""
        self.code = ""

    def readline(self, size: int | None = -1, /) -> str:
        """Type a line; the first ones are wrong."""
        printed = self._capture.readouterr()
        self.seen += printed.out
        self.complaints += printed.err
        if self._wrong > 0:
            self._wrong -= 1
            return "12 34\n"
        secret = re.search(r"secret=([A-Z2-7]+)", self.seen)
        assert secret is not None
        self.code = pyotp.TOTP(secret[1]).now()
        return f"{self.code[:3]} {self.code[3:]}\n"


def enrols(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    wrong: int = 0,
) -> tuple[Told, Typing]:
    """Type the command, then codes; gives how it ended, with all that the screen has shown."""
    shell("db", "upgrade")
    typing = Typing(capsys, wrong)
    monkeypatch.setattr("sys.stdin", typing)
    told = shell("enrol", *(words or ("Olivia",)))
    return Told(told.code, typing.seen + told.out, typing.complaints + told.err), typing


def test_a_code_proves_the_factor_and_recovery_codes_are_shown_once(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address and the secret in groups of four; afterwards nothing of it stands in the home in clear."""
    told, typing = enrols(shell, monkeypatch, capsys, wrong=1)

    assert (told.code, "Try again" in told.err) == (0, True)
    secret = re.search(r"otpauth://totp/Peak%20Ops:Olivia\?secret=([A-Z2-7]{32})&issuer=Peak%20Ops", told.out)
    assert secret is not None
    assert " ".join(re.findall("....", secret[1])) in told.out
    codes = re.findall(r"^    ([2-9a-z]{5}-[2-9a-z]{5})$", told.out, re.MULTILINE)
    assert len(codes) == 10
    with installation().storage().reading() as tx:
        factor = tx.factors.get(installation().files.roster.persons[0].id)
        (row,) = tx.audit.recent(1)
    assert factor is not None
    assert f"“{factor.phrase}”" in told.out
    assert (row.kind, row.subject) == ("factor.enrolled", "olivia")
    for hidden in (secret[1], *codes, typing.code):
        assert hidden not in row.body_text
        assert not [path for path in files(shell.home) if hidden.encode() in path.read_bytes()]


def files(home: Path) -> list[Path]:
    """Everything in a home."""
    return [path for path in home.rglob("*") if path.is_file()]


def test_who_has_a_factor_gets_no_second_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before anything is shown, with the words that say what a reset takes."""
    enrols(shell, monkeypatch, capsys)

    told, typing = enrols(shell, monkeypatch, capsys, "olivia")

    assert (told.code, told.out, typing.code) == (3, "", "")
    assert "olivia has had a second factor since" in told.err
    assert "Two others agree to a new one in Slack" in told.err


def test_without_a_right_code_nothing_is_enrolled(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret that no app has taken would shut its person out."""
    told, _ = enrols(shell, monkeypatch, capsys, wrong=3)

    assert told.code == 1
    assert told.err.endswith("Nothing was enrolled.\n")
    with installation().storage().reading() as tx:
        assert tx.factors.get(installation().files.roster.persons[0].id) is None


def test_nobody_on_the_roster_is_named_with_the_nearest(shell: Shell) -> None:
    """A typing mistake is wrong use."""
    shell("db", "upgrade")
    told = shell("enrol", "Olivai")

    assert told.code == 2
    assert "Olivai is nobody on the roster" in told.err
    assert "did you mean olivia?" in told.err
