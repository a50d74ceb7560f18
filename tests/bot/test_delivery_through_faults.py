"""Every fault of the practice workspace that meets the bot's calls or uploads, at each kind of message."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot import sending
from bot.outbox import Chart
from bot.practice.faults import CALLS, UPLOADS, FaultKind
from bot.practice.people import OTTO
from bot.practice.rates import Rates
from tests.bot.intake import NOON, until
from tests.bot.outgoing import APPROVALS, OPS, REPORTS, Way, account, retry, said, way_out

# What the outbox calls to say something; a file that never becomes usable is met at the upload itself.
SAYS = (
    "chat.postMessage",
    "chat.update",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "files.info",
    "views.publish",
)
CHART = Chart(((NOON, Decimal(1)),), "USD", "equity")
QUICK = {FaultKind.DELAY: "0.01", FaultKind.RATE_LIMIT: "1"}


def goes_wrong(way: Way, kind: FaultKind) -> None:
    """Let the next call of each method meet this."""
    for method in SAYS if kind in CALLS else ("",):
        asked = {"kind": kind, "method": method, "value": QUICK.get(kind, "")}
        way.people.post("/practice/fault", json=asked).raise_for_status()


def is_out(way: Way) -> bool:
    """Whether nothing waits any more; what waits for a later hour has it come."""
    waiting = [row for row in way.rows() if row.state == "waiting"]
    if any(row.next_at > way.clock() for row in waiting):
        retry(way)
    return not waiting


def says_everything(way: Way, kind: FaultKind) -> None:
    """Two posts, a direct message, a card with a line under it that is drawn again, a chart, a Home tab."""
    way.cards |= {kind: f"{kind} begins", str(account(OTTO)): f"home after {kind}"}
    with way.writing() as outbox:
        outbox.home_opened(account(OTTO))
        for number in (1, 2):
            outbox.post(f"{kind}:{number}", OPS, said(f"{kind} {number}"))
        outbox.dm(f"dm:{kind}", account(OTTO), said(f"{kind} for you"))
        outbox.card(f"session:{kind}", APPROVALS)
        outbox.post(f"under:{kind}", APPROVALS, said(f"{kind} below"), thread_of=f"session:{kind}")
        outbox.image(f"report:{kind}", REPORTS, said(f"{kind} report"), CHART)
    until(lambda: is_out(way), f"all is out through {kind}")
    way.cards[kind] = f"{kind} is over"
    with way.writing() as outbox:
        outbox.card(f"session:{kind}", APPROVALS)
    until(lambda: is_out(way), f"the card is drawn again through {kind}")


def test_nothing_is_lost_and_nothing_said_twice_through_every_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message stands where it belongs, once and in order, and only a report may lack its picture."""
    monkeypatch.setattr(sending, "IMAGE_LOOKS_S", (0.01,) * 20)
    kinds = sorted(CALLS | UPLOADS)
    with way_out(tmp_path, Rates.unlimited()) as way:
        way.line.url = way.workspace.url
        way.outbox = way.another()
        way.outbox.start()
        for kind in kinds:
            goes_wrong(way, kind)
            says_everything(way, kind)

            faults = way.people.get("/practice/faults").json()["faults"]
            assert not [each["kind"] for each in faults if each["active"]], "each fault was met"
            assert f"home after {kind}" in way.home_of(OTTO)
        assert way.texts(OPS) == [f"{kind} {number}" for kind in kinds for number in (1, 2)]
        assert way.texts(OTTO.dm) == [f"{kind} for you" for kind in kinds]
        cards = [[f"{kind} is over", f"{kind} below"] for kind in kinds]
        assert way.texts(APPROVALS) == [text for pair in cards for text in pair]
        assert way.texts(REPORTS) == [f"{kind} report" for kind in kinds]
        pictures = [message["blocks"][-1]["type"] == "image" for message in way.sees(REPORTS)]
        assert pictures == [kind not in UPLOADS for kind in kinds]
        assert way.lost == []
