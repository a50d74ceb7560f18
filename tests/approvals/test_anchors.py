"""Heads noted outside the database, each signed, in a file that only grows."""

import pytest

from approvals.anchors import RESTORED, Anchor, read_anchors
from approvals.audit import GENESIS, Head
from approvals.errors import AnchorUnusable
from tests.approvals.desk import KEY, NOON


def line(sequence: int, why: str = "health report", key: bytes = KEY) -> str:
    """One line of the file."""
    return Anchor.of(Head(sequence, f"{sequence:064d}"), why, NOON, key).as_line() + "\n"


def test_what_was_noted_is_read_back() -> None:
    """Row, hash and why; a record without rows has row 0."""
    (first, second) = read_anchors([Anchor.of(None, "start", NOON, KEY).as_line() + "\n", line(7)], KEY)
    assert first.head == Head(0, GENESIS)
    assert (second.head, second.why) == (Head(7, f"{7:064d}"), "health report")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("not json\n", "it cannot be read"),
        ("{}\n", "it cannot be read"),
        ("[" * 100_000 + "\n", "it cannot be read"),
        (line(8, key=b"another"), "it was not signed with this key"),
        (line(8).replace("8", "9", 1), "it was not signed with this key"),
        (line(8).replace('"mac":"', '"mac":"\\ud800'), "it was not signed with this key"),
    ],
)
def test_a_line_that_is_not_ours_is_named(bad: str, why: str) -> None:
    """Whoever has written to the file has not the key."""
    with pytest.raises(AnchorUnusable, match=f"Line 2 of the anchors cannot be relied on: {why}"):
        read_anchors([line(7), bad, line(9)], KEY)


def test_a_line_cut_short_by_a_crash_is_left_out() -> None:
    """The one before it still counts."""
    assert [anchor.sequence for anchor in read_anchors([line(7), line(8)[:40]], KEY)] == [7]


def test_a_restore_ends_what_was_anchored_behind_it() -> None:
    """The rows behind it went with the database that was replaced; those before it are still there."""
    lines = [line(3), line(7), line(9), line(5, RESTORED), line(6)]
    assert [anchor.sequence for anchor in read_anchors(lines, KEY)] == [3, 5, 6]
    assert [anchor.why for anchor in read_anchors([line(5), line(5, RESTORED)], KEY)] == [RESTORED]
