"""The head of the record goes beyond Slack and home, and an outlet's address is shown nowhere."""

import json
import logging
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest

from approvals.audit import Head
from bot.anchor_file import AnchorFile
from bot.errors import DatabaseUnavailable
from bot.operations.anchoring import NoteHead, head_in_words
from bot.outlets import Outlets
from bot.settings import Environment
from tests.approvals.desk import KEY
from tests.bot.ear import listening
from tests.bot.operations.rig import Rig

SECRET = "t0ps3cret"


def outlets(tmp_path: Path, *urls: str) -> Outlets:
    """Outlets as the environment names them."""
    return Outlets(
        Environment.from_environ({"PEAK_OPS_HOME": str(tmp_path), "PEAK_OPS_OUTLETS": " ".join(urls)})
    )


def test_the_head_is_sent_and_what_does_not_take_it_is_an_alert_without_its_address(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One outlet takes it, whole; of the others only number and kind are told, in alert and log."""
    rig.asked()
    told = Event()
    with listening() as ear, caplog.at_level(logging.DEBUG):
        away = f"json://desk:{SECRET}@127.0.0.1:1/{SECRET}?cto=1&rto=1"
        sending = outlets(tmp_path, ear.url.replace("http", "json"), away, f"nosuch://{SECRET}")

        def tell(title: str, text: str, failed: object) -> None:
            sending.tell(title, text, lambda which: (failed(which), told.set()))  # type: ignore[operator]

        NoteHead(rig.storage, rig.desk, AnchorFile(tmp_path, KEY), tell)("health report")
        assert told.wait(60)

    head = rig.read(lambda tx: tx.audit.at(1))
    (body,) = map(json.loads, ear.bodies)
    assert body["message"].startswith(f"1:{head.hash}\n" if head else "no head")
    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert alert.title == "The head of the record could not be told to an outlet"
    assert alert.detail == (
        "outlet 2 (json): it did not take the message; "
        "outlet 3 (nosuch): its address is none that can be used"
    )
    assert SECRET not in caplog.text
    assert SECRET not in str([row.body for row in rig.outgoing()])


def test_outlets_go_on_after_whatever_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No process can be started, and the failure cannot be kept: the next text is tried, and told."""

    def cannot_start(*args: object) -> None:
        raise OSError(f"no process for {SECRET}")

    monkeypatch.setattr("bot.outlets.start_private", cannot_start)
    sending, told = outlets(tmp_path, f"json://{SECRET}@127.0.0.1:1"), SimpleQueue[tuple[str, ...]]()

    def locked(which: tuple[str, ...]) -> None:
        raise DatabaseUnavailable(url="sqlite", reason="it is locked")

    sending.tell("first", "the head", locked)
    sending.tell("second", "the head", told.put)

    assert told.get(timeout=60) == ("outlet 1 (json): it was not sent (OSError)",)
    assert "what failed could not be told" in caplog.text
    assert "a text was not sent (OSError)" in caplog.text
    assert SECRET not in caplog.text


def test_a_desk_without_outlets_starts_no_process(rig: Rig, tmp_path: Path) -> None:
    """The home's note is made all the same."""
    file = AnchorFile(tmp_path, KEY)
    NoteHead(rig.storage, rig.desk, file, outlets(tmp_path).tell)("health report")

    assert [anchor.why for anchor in file.read()] == ["health report"]
    assert rig.read(lambda tx: tx.alerts.recent(9)) == []


def test_verify_takes_the_head_as_an_outlet_has_it(rig: Rig) -> None:
    """Its first line is what --anchor takes."""
    rig.asked()
    head = rig.read(lambda tx: tx.audit.head())
    _, text = head_in_words(head, "health report", rig.clock(), practice=True)

    assert Head.parse(text.splitlines()[0]) == head
