"""A shell on a desk of its own, in this process: what a command prints and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import obey
from bot.demo import PACES_MS, TIER, write_config


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended."""

    code: object
    out: str
    err: str


class Shell:
    """Somebody at the machine, with the environment of a practice desk whose servers are away."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.home = folder / "home"
        self.config = folder / "config"
        self._patch = patch
        self._capture = capture
        write_config(self.config, "http://127.0.0.1:1", PACES_MS[TIER], lambda text: text)
        self.sets(PEAK_OPS_HOME=self.home, PEAK_OPS_CONFIG=self.config, PEAK_OPS_SECRET_KEY="k" * 48)
        self.sets(SLACK_API_URL="http://127.0.0.1:1/api/", SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1")

    def sets(self, **environ: object) -> None:
        """Set variables, as `export` does."""
        for name, value in environ.items():
            self._patch.setenv(name, str(value))

    def __call__(self, *words: str) -> Told:
        """Type `peak-ops` and some words."""
        with pytest.raises(SystemExit) as ended:
            obey(list(words))
        printed = self._capture.readouterr()
        return Told(ended.value.code or 0, printed.out, printed.err)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """Give a shell whose desk has never run."""
    with monkeypatch.context() as patch:
        for name in ("DATABASE_URL", "SLACK_SIGNING_SECRET"):
            patch.delenv(name, raising=False)
        yield Shell(tmp_path, patch, capsys)
