"""Everything is written down, and no secret with it."""

import json
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from slack_bolt.middleware.request_verification import RequestVerification
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse

from bot.logs import LineLog, Logs, SharedFile, start_logs, warnings_to_stderr
from bot.redaction import HIDDEN, Redactor

SECRET = "s3cr'et/+=\"värde"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    """The logs of a home folder, in charge of all logging, and given back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs = start_logs(tmp_path, [SecretStr(SECRET)], "bot")
    yield logs
    logs.stop()
    root.handlers[:] = before
    root.setLevel(level)


def lines(logs: Logs, home: Path) -> list[dict[str, Any]]:
    """The events that were written, and a check that the secret is in none of them."""
    text = (home / "logs" / "peak-ops.log").read_text("utf-8")
    for spelling in (
        SECRET,
        repr(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1],
        quote(SECRET),
        quote(SECRET, safe=""),
    ):
        assert spelling not in text
    return [json.loads(line) for line in text.splitlines()]


def test_an_event_is_one_line_with_its_facts(logs: Logs, tmp_path: Path) -> None:
    """A line can be searched by its parts: time in UTC, level, process, logger, event."""
    structlog.get_logger("trading.gateway").warning(
        "[RISK] Order blocked", limit="max_order_notional", used=500
    )
    (line,) = lines(logs, tmp_path)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "warning",
        "process": "bot",
        "logger": "trading.gateway",
        "event": "[RISK] Order blocked",
        "limit": "max_order_notional",
        "used": 500,
    }


def test_a_fact_cannot_pose_as_the_lines_own_time(logs: Logs, tmp_path: Path) -> None:
    """When a line was written is the log's word, whatever the fact is called."""
    structlog.get_logger().warning("moved", at="yesterday")
    (line,) = lines(logs, tmp_path)
    assert line["at"].startswith("2")
    assert line["at_"] == "yesterday"


def test_a_line_is_plain_to_every_terminal(logs: Logs, tmp_path: Path) -> None:
    """Whoever follows the log with `tail -f` sees what was written, and nothing is done to the screen."""
    told = "a\u202eb\x9bc\x7fd\u2028é"
    structlog.get_logger().warning("heard", text=told)
    written = (tmp_path / "logs" / "peak-ops.log").read_text("utf-8").strip()
    assert written.isascii()
    assert written.isprintable()
    assert lines(logs, tmp_path)[0]["text"] == told


def fail_with_a_secret() -> None:
    """Raise an error that holds the secret, from one that does as well, beside a local that does."""
    token_in_a_local = SECRET
    try:
        raise ValueError(f"signature of {token_in_a_local} refused")
    except ValueError as error:
        raise RuntimeError({"headers": {"API-Sign": SECRET}}) from error


def test_no_secret_passes_in_an_exception(logs: Logs, tmp_path: Path) -> None:
    """A traceback tells where, and neither its messages nor the local variables give a secret away."""
    for log in (logging.getLogger("plain"), structlog.get_logger("struct")):
        try:
            fail_with_a_secret()
        except RuntimeError:
            log.exception("The venue refused %s", SECRET)
    for line in lines(logs, tmp_path):
        assert "RuntimeError" in line["exception"]
        assert "direct cause" in line["exception"]
        assert HIDDEN in line["exception"]
        assert line["event"] == f"The venue refused {HIDDEN}"


def test_no_secret_passes_in_facts(logs: Logs, tmp_path: Path) -> None:
    """Tables, lists, objects, texts and addresses are looked through."""

    class Request:
        def __str__(self) -> str:
            return f"<POST {SECRET}>"

    structlog.get_logger().error(
        "sent",
        headers={"X": [SECRET, (SECRET, {SECRET: 1})]},
        request=Request(),
        url=f"http://x/?q={quote(SECRET)}",
    )
    assert lines(logs, tmp_path)[0]["headers"] == {"X": [HIDDEN, [HIDDEN, {HIDDEN: 1}]]}


@given(secret=st.text(min_size=4, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_known_secret_never_passes(secret: str, before: str, after: str) -> None:
    """Whatever stands around it, and however it is spelt, a registered secret is gone."""
    redactor = Redactor([SecretStr(secret)])
    for spelling in (secret, quote(secret), repr(secret)[1:-1], json.dumps(secret)[1:-1]):
        for left in redactor.text(f"{before}{spelling}{after}").split(HIDDEN):
            assert spelling not in left


@pytest.mark.parametrize(
    "text",
    [
        "token=LEAK&x=1",
        "'API-Sign': 'LEAK=='",
        "{'SLACK_SIGNING_SECRET': 'LEAK'}",
        "Authorization: Bearer LEAK",
        "password: LEAK",
        "postgresql://desk:LEAK@127.0.0.1/peak",
        "xoxb-LEAK-1",
        "xapp-1-LEAK",
        "https://hooks.slack.com/commands/T1/LEAK",
        "wss://wss.slack.com/link/?ticket=LEAK",
    ],
)
def test_what_looks_like_a_secret_goes_unasked(text: str) -> None:
    """A secret that nobody registered is still known by the name before it, or by its own looks."""
    assert "LEAK" not in Redactor().text(f"sent {text} to the venue")


def test_facts_under_a_secrets_name_are_hidden() -> None:
    """The name is enough; names that only resemble one are left alone."""
    named = {
        "api_key": "A",
        "key": "B",
        "slack_bot_token": "C",
        "X-Slack-Signature": "D",
        "response_url": "E",
    }
    assert set(Redactor().value(named).values()) == {HIDDEN}
    harmless = {"inbox_key": "cmd:1", "monkey": "x", "keys": 3, "has_secret": True, "channel": "C1"}
    assert Redactor().value(harmless) == harmless


def test_a_sentence_about_a_missing_secret_stays_readable() -> None:
    """Redaction does not eat the advice."""
    told = "environment: PEAK_OPS_SECRET_KEY = (not set) is refused; run needs it."
    assert Redactor().text(Redactor().text(told)) == told


def test_the_body_of_a_badly_signed_request_is_not_logged(logs: Logs, tmp_path: Path) -> None:
    """Slack's library logs the whole body of a forged request; here only the fact remains."""
    request = BoltRequest(body="command=/peak&text=forged-body", headers={"x-slack-signature": ["v0=00"]})
    request.headers["x-slack-request-timestamp"] = ["1"]
    response = RequestVerification("signing").process(
        req=request, resp=BoltResponse(status=200), next=lambda: BoltResponse(status=200)
    )
    assert response is not None
    assert response.status == 401
    (line,) = lines(logs, tmp_path)
    assert line["event"] == "Invalid request signature detected; refused"


def test_an_uncaught_error_of_a_thread_is_written(logs: Logs, tmp_path: Path) -> None:
    """A thread does not die unseen, and not onto the terminal with a secret."""
    thread = threading.Thread(target=fail_with_a_secret, name="outbox")
    thread.start()
    thread.join()
    (line,) = lines(logs, tmp_path)
    assert line["level"] == "critical"
    assert line["event"] == "The thread outbox ended on an error"
    assert "RuntimeError" in line["exception"]


def test_an_uncaught_error_of_a_program_is_written(tmp_path: Path) -> None:
    """The last words of a process are in its log, without the secret."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom pydantic import SecretStr\n"
        "from bot.logs import start_logs\n"
        "start_logs(Path(sys.argv[1]), [SecretStr('hunter22')], 'gateway')\n"
        "raise RuntimeError('for hunter22')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "hunter22" not in ended.stderr + ended.stdout
    (line,) = [json.loads(text) for text in (tmp_path / "logs/peak-ops.log").read_text().splitlines()]
    assert (line["process"], line["level"]) == ("gateway", "critical")
    assert f"RuntimeError: for {HIDDEN}" in line["exception"]


def test_a_full_disk_does_not_stop_the_bot(
    logs: Logs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that cannot be written is told, without what it held; the work goes on."""

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    logging.getLogger("bot.outbox").warning("for %s", SECRET)
    assert capsys.readouterr().err == "A log line of bot.outbox was lost: OSError\n"


def test_a_full_disk_behind_standard_error_does_not_stop_the_bot(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are often files of one disk; whoever logs then goes on, a halt above all."""

    class Full:
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", lambda *_: Full().write(""))
    monkeypatch.setattr(sys, "stderr", Full())
    logging.getLogger("bot.outbox").warning("for somebody")


def test_a_shell_command_keeps_standard_output_clean(logs: Logs, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints one document and nothing else: warnings go to the other stream."""
    warnings_to_stderr([SecretStr(SECRET)])
    structlog.get_logger().info("chatter")
    structlog.get_logger().warning("slow", why=SECRET)
    written = capsys.readouterr()
    assert written.out == ""
    assert json.loads(written.err)["event"] == "slow"
    assert SECRET not in json.loads(written.err)["why"]


def test_an_act_is_one_line(tmp_path: Path) -> None:
    """Time, person, act, reason; a reason cannot add a second line or a secret."""
    log = LineLog(tmp_path / "logs/operations.log", Redactor([SecretStr("hunter22")]))
    log.write(NOON, "Olivia Ode", "halt", "feed\n2026-11-23T12:00:00Z\tOtto\tlive.start\t<!channel> hunter22")
    log.write(NOON, "Otto", "stop", "")
    assert (tmp_path / "logs/operations.log").read_text().splitlines() == [
        "2026-11-23T12:00:00Z\tOlivia Ode\thalt\t"
        f"feed 2026-11-23T12:00:00Z Otto live.start &lt;!channel&gt; {HIDDEN}",
        "2026-11-23T12:00:00Z\tOtto\tstop\t-",
    ]


def test_logs_are_their_owners_alone(logs: Logs, tmp_path: Path) -> None:
    """Who traded what and why is nobody else's business on the machine."""
    logging.getLogger().warning("x")
    logs.operations.write(NOON, "Otto", "stop", "done")
    logs.alerts.write(NOON, "high", "silent", "no heartbeat")
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        "peak-ops.log",
        "operations.log",
        "alerts.log",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "logs").iterdir()} == {0o600}


def test_a_full_file_is_set_aside_and_no_line_is_lost(tmp_path: Path) -> None:
    """Several writers share the file while it is being set aside: every line is somewhere, whole."""
    path = tmp_path / "peak-ops.log"
    writers = [SharedFile(path, bytes_max=2_000, old_files_max=50) for _ in range(3)]

    def write(number: int) -> None:
        for count in range(200):
            writers[number].append(f"{number}:{count}:" + "x" * 40)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    files = sorted(tmp_path.iterdir())
    found = [line for file in files for line in file.read_text().splitlines()]
    assert sorted(found) == sorted(f"{n}:{c}:" + "x" * 40 for n in range(3) for c in range(200))
    assert len(files) > 5


def test_only_so_many_old_files_are_kept(tmp_path: Path) -> None:
    """The log does not fill the disk."""
    file = SharedFile(tmp_path / "peak-ops.log", bytes_max=100, old_files_max=2)
    for count in range(50):
        file.append(f"line {count} " + "x" * 40)
    assert {path.name for path in tmp_path.iterdir()} <= {"peak-ops.log", "peak-ops.log.1", "peak-ops.log.2"}
