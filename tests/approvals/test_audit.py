"""The record shows every change that was made to it."""

from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.anchors import Anchor
from approvals.audit import GENESIS, Entry, Head, Signer, chain_hash
from approvals.errors import EntryUnusable
from approvals.verify import Verdict, verify, verify_export
from tests.approvals.desk import KEY, NOON

ROWS = 6


def a_chain(rows: int = ROWS, key: bytes = KEY) -> list[Entry]:
    """A record of some length, made by the rules."""
    chain: list[Entry] = []
    for number in range(rows):
        entry = Entry.following(
            chain[-1].head if chain else None,
            at=NOON + timedelta(seconds=number),
            kind="request.vote",
            actor="olivia",
            subject=f"req-{number}",
            body={"vote": "yes", "number": number, "reason": "Größe\n"},
            key=key,
        )
        chain.append(entry)
    return chain


def followed(chain: list[Entry], key: bytes | None, *anchors: Head) -> Verdict:
    """The verdict over these rows."""
    return verify([astuple(entry) for entry in chain], key, anchors)


CHAIN = a_chain()
HEAD = CHAIN[-1].head


def rehashed(entry: Entry) -> Entry:
    """The row with a hash that fits its text, as a forger without the key would make it."""
    texts = (entry.at, entry.kind, entry.actor, entry.subject, entry.body_text, entry.previous_hash)
    return replace(entry, hash=chain_hash(entry.sequence, *texts))


def forged_from(number: int, **changes: str) -> list[Entry]:
    """The chain with one row changed and every later row made to fit."""
    chain = CHAIN[: number - 1]
    previous = chain[-1].hash if chain else GENESIS
    for entry in CHAIN[number - 1 :]:
        changed = replace(entry, previous_hash=previous, **(changes if entry.sequence == number else {}))
        chain.append(rehashed(changed))
        previous = chain[-1].hash
    return chain


def test_an_untouched_record_verifies() -> None:
    """Rows, head and verdict, with the key and without it."""
    assert followed(CHAIN, KEY) == Verdict(ROWS, HEAD, True, None, "")
    assert followed(CHAIN, None, HEAD).ok
    assert followed([], KEY) == Verdict(0, None, True, None, "")


def test_each_row_holds_the_hash_of_the_one_before() -> None:
    """From the first row, which follows nothing, to the last."""
    assert [entry.previous_hash for entry in CHAIN] == [GENESIS, *(entry.hash for entry in CHAIN[:-1])]
    assert [entry.sequence for entry in CHAIN] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("field", ["at", "kind", "actor", "subject", "body_text", "hash"])
@pytest.mark.parametrize("number", [1, 3, ROWS])
def test_an_edited_row_is_found(field: str, number: int) -> None:
    """Any field of any row, by one letter."""
    chain = list(CHAIN)
    entry = chain[number - 1]
    chain[number - 1] = replace(entry, **{field: getattr(entry, field)[:-1] + "~"})
    verdict = followed(chain, None)
    assert (verdict.ok, verdict.first_bad, verdict.rows) == (False, number, ROWS)
    assert f"row {number} was changed" in verdict.why


@pytest.mark.parametrize(
    ("damage", "first_bad"),
    [
        (lambda chain: chain[:2] + chain[3:], 3),
        (lambda chain: chain[1:], 1),
        (lambda chain: [*chain[:2], chain[3], chain[2], *chain[4:]], 3),
        (lambda chain: chain[:3] + chain[2:], 4),
        (lambda chain: [replace(chain[0], previous_hash="1" * 64), *chain[1:]], 1),
        (lambda chain: [*chain[:2], replace(chain[2], sequence=4), *chain[3:]], 3),
    ],
    ids=["removed", "beheaded", "reordered", "repeated", "regrafted", "renumbered"],
)
def test_moved_and_removed_rows_are_found(
    damage: Callable[[list[Entry]], list[Entry]], first_bad: int
) -> None:
    """The first place where the chain no longer holds is named."""
    damaged = damage(list(CHAIN))
    verdict = followed(damaged, KEY)
    assert (verdict.ok, verdict.first_bad) == (False, first_bad)
    assert (verdict.rows, verdict.head) == (len(damaged), damaged[-1].head)


def test_a_row_that_was_made_to_fit_itself_is_found_by_the_next() -> None:
    """Its own hash is right again; the row after it still names the old one."""
    chain = list(CHAIN)
    chain[2] = rehashed(replace(chain[2], actor="rita"))
    verdict = followed(chain, None)
    assert (verdict.first_bad, verdict.why) == (4, "row 4 does not follow the row before it")


def test_numbers_without_gap() -> None:
    """A row left out shows even where all later rows were made to fit."""
    gap = rehashed(replace(CHAIN[3], previous_hash=CHAIN[1].hash))
    assert (
        followed([*CHAIN[:2], gap], None).why
        == "row 3 is missing, or stands elsewhere: row 4 comes in its place"
    )
    assert followed([rehashed(replace(CHAIN[1], previous_hash=GENESIS))], None).first_bad == 1
    again = followed([*CHAIN[:3], CHAIN[2]], None).why
    assert again == "row 3 comes where row 4 should: it was moved or put in a second time"


def test_rule_20_a_chain_made_anew_without_the_key_is_found() -> None:
    """Whoever writes the database but not the key cannot make rows that verify."""
    forged = forged_from(3, actor="rita")
    assert followed(forged, None).ok
    verdict = followed(forged, KEY)
    assert (verdict.first_bad, verdict.why) == (3, "row 3 was not signed with this key")
    assert not followed(a_chain(key=b"another key"), KEY).ok


def test_an_anchored_head_shows_a_chain_made_anew() -> None:
    """A head noted elsewhere is not in the forged chain, even where no key is at hand."""
    verdict = followed(forged_from(3, actor="rita"), None, CHAIN[3].head)
    assert (verdict.ok, verdict.first_bad) == (False, 4)
    assert "anchored elsewhere" in verdict.why


@pytest.mark.parametrize("kept", [0, 1, ROWS - 1])
def test_cut_off_rows_are_found_by_the_anchor(kept: int) -> None:
    """The newest rows leave no trace in the chain itself; the anchor misses them."""
    assert followed(CHAIN[:kept], KEY).ok
    verdict = followed(CHAIN[:kept], KEY, HEAD)
    assert (verdict.ok, verdict.first_bad) == (False, kept + 1)
    assert (verdict.rows, verdict.head) == (kept, CHAIN[kept - 1].head if kept else None)
    assert f"ends with row {kept}, and row {ROWS} was anchored elsewhere" in verdict.why


def test_an_older_anchor_does_not_trouble_a_longer_chain() -> None:
    """Yesterday's head stands inside today's chain."""
    assert followed(CHAIN, KEY, CHAIN[2].head).ok
    assert not followed(CHAIN, KEY, Head(3, "0" * 64)).ok


def test_a_field_cannot_flow_into_the_next() -> None:
    """Two different rows whose texts would join to the same bytes are not both good."""
    entry = Entry.following(None, at=NOON, kind="a", actor="b", subject="c", body={}, key=KEY)
    shifted = replace(entry, kind="a\nb", actor="c", subject=entry.body_text, body_text=GENESIS)
    merged = replace(entry, actor="b\nc", subject=entry.body_text, body_text=entry.previous_hash)
    for forged in (shifted, merged):
        assert not followed([forged], KEY).ok
        assert not followed([forged], None).ok


@pytest.mark.parametrize("field", ["kind", "actor", "subject"])
@pytest.mark.parametrize("text", ["two\nlines", "nul\x00", "right\u202eleft", "x" * 121, "\ud800"])
def test_rule_13_no_line_can_be_smuggled_into_the_record(field: str, text: str) -> None:
    """Names of persons and things are one printable line."""
    fields = {"kind": "k", "actor": "a", "subject": "s", field: text}
    with pytest.raises(EntryUnusable) as refused:
        Entry.following(None, at=NOON, body={}, key=KEY, **fields)
    assert str(refused.value) == (
        f"A row of the record cannot hold this {field}: it must be one line of at most 120 printable "
        "characters."
    )


def test_a_row_follows_the_head_by_one() -> None:
    """The number after it, its hash, the text that was given, and the key's signature."""
    facts = {"at": NOON, "kind": "k" * 120, "actor": "a", "subject": "s", "body": {"x": 1}}
    first = Entry.following(None, key=KEY, **facts)
    second = Entry.following(first.head, key=KEY, **facts)

    assert (first.sequence, first.previous_hash) == (1, GENESIS)
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert (second.at, second.kind, second.body_text) == ("2026-11-23T12:00:00.000000Z", "k" * 120, '{"x":1}')
    assert followed([first, second], KEY).ok
    assert Entry.parse(second.as_line()) == second


def test_a_rows_signature_is_that_of_one_key() -> None:
    """A damaged row, with bytes or nothing where a text should be, is signed by none."""
    row = Entry.following(None, at=NOON, kind="k", actor="a", subject="s", body={}, key=KEY)

    assert row.signed_with(KEY)
    assert not row.signed_with(b"another")
    for damaged in (
        {"mac": None},
        {"hash": None},
        {"mac": b"x"},
        {"hash": b"x", "mac": b"x"},
        {"mac": "\ud800"},
    ):
        assert not replace(row, **damaged).signed_with(KEY)


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        ("not json", "line", "it is not JSON"),
        ("[]", "line", "it must have exactly the fields sequence, at, kind, actor, "),
        ("{}", "line", "it must have exactly the fields sequence, at, kind, actor, "),
        (CHAIN[0].as_line().replace('"sequence":1', '"sequence":"1"'), "sequence", "it is of the wrong type"),
        (CHAIN[0].as_line().replace('"actor":"olivia"', '"actor":1'), "actor", "it is of the wrong type"),
    ],
)
def test_a_line_that_is_no_row_is_told_why(line: str, field: str, why: str) -> None:
    """Whoever reads the verdict is told what to look at."""
    with pytest.raises(EntryUnusable) as refused:
        Entry.parse(line)
    assert refused.value.field == field
    assert refused.value.why.startswith(why)


def test_an_empty_key_is_refused() -> None:
    """A record signed with nothing would only look signed."""
    with pytest.raises(EntryUnusable, match="hold this mac: the key that signs the record is empty"):
        Signer(b"")


def test_a_row_can_be_read_back() -> None:
    """Time and body are those that were given."""
    assert CHAIN[0].time == NOON
    assert CHAIN[0].body == {"vote": "yes", "number": 0, "reason": "Größe\n"}
    assert str(HEAD) == f"{ROWS}:{HEAD.hash[:12]}"


LINES = [entry.as_line() for entry in CHAIN]
END = Anchor.of(HEAD, "export", NOON, KEY).as_line()


def test_an_export_verifies_without_the_database() -> None:
    """One line a row; line ends do not matter."""
    assert [Entry.parse(line) for line in LINES] == CHAIN
    assert verify_export((line + "\r\n" for line in [*LINES, END]), KEY, [HEAD]) == Verdict(
        ROWS, HEAD, True, None, ""
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not json",
        "[" * 100_000,
        "[]",
        "null",
        "{}",
        LINES[2][:-2],
        LINES[2].replace('"sequence":3', '"sequence":"3"'),
        LINES[2].replace('"sequence":3', '"sequence":3.0'),
        LINES[2].replace('"sequence":3', '"sequence":true'),
        LINES[2].replace('"actor":"olivia"', '"actor":null'),
        LINES[2][:-1] + ',"more":1}',
    ],
)
def test_a_line_that_is_no_row_is_the_first_bad_one(line: str) -> None:
    """A damaged export gives a verdict, never a crash."""
    verdict = verify_export([*LINES[:2], line, *LINES[3:], END], KEY, [HEAD])
    assert (verdict.ok, verdict.first_bad) == (False, 3)
    assert verdict.why


def test_half_a_letter_in_a_row_gets_a_verdict_too() -> None:
    """A damaged row may hold what is no UTF-8; it is named, and nothing ends in a traceback."""
    for half in ("\ud800", "\udfff"):
        chain = [*CHAIN[:2], replace(CHAIN[2], actor=half), *CHAIN[3:]]
        verdict = followed(chain, KEY)
        assert (verdict.ok, verdict.first_bad) == (False, 3)
        assert verdict.why == "row 3 holds something that is no text"


def test_an_export_is_held_against_the_key_and_the_anchors() -> None:
    """A signature of nobody's, and a head that was noted otherwise, each at their row."""
    unsigned = [*LINES[:2], replace(CHAIN[2], mac="0" * 64).as_line(), *LINES[3:], END]
    assert verify_export(unsigned, KEY) == Verdict(ROWS, HEAD, False, 3, "row 3 was not signed with this key")
    assert verify_export(unsigned, None).ok
    assert verify_export([*LINES, END], KEY, [Head(3, "0" * 64)]).first_bad == 3


def test_an_export_that_cannot_be_read_on_is_good_so_far() -> None:
    """The verdict tells how far it held, and what stands there instead."""
    why = "A row of the record cannot hold this line: it is not JSON."
    assert verify_export([*LINES[:2], "not json"], KEY) == Verdict(2, CHAIN[1].head, False, 3, why)


def test_the_first_fault_of_an_export_is_told() -> None:
    """An edited row before an unreadable line is the one to look at."""
    edited = replace(CHAIN[1], actor="rita").as_line()
    assert verify_export([LINES[0], edited, "not json"], KEY).first_bad == 2


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "ends with row 0 and without its last line"),
        (LINES, f"ends with row {ROWS} and without its last line"),
        ([*LINES[:4], END], f"ends with row 4, and its last line names row {ROWS}"),
        ([*LINES[:4], END, LINES[4]], "rows follow the end of the export"),
        ([*LINES, END, END], "rows follow the end of the export"),
        (
            [*LINES, Anchor.of(HEAD, "export", NOON, b"another").as_line()],
            "the last line of the export was not signed with this key",
        ),
    ],
)
def test_rows_cut_off_an_export_are_found(lines: list[str], why: str) -> None:
    """Its last line names the newest row and is signed, so no tail can go without a word."""
    verdict = verify_export(lines, KEY)
    assert not verdict.ok
    assert verdict.why.removeprefix("the export ").removesuffix(": rows were cut off") == why


def test_a_record_without_rows_has_an_export_too() -> None:
    """One line that says so."""
    assert verify_export([Anchor.of(None, "export", NOON, KEY).as_line()], KEY).ok


def test_the_head_of_a_report_is_enough_of_an_anchor() -> None:
    """It stands there in short; twelve letters of the hash are compared."""
    assert followed(CHAIN, KEY, Head.parse(str(HEAD))).ok
    assert not followed(CHAIN, KEY, Head.parse(f"{ROWS}:{'0' * 12}")).ok
    for text in ("", "6", "6:", "6:zz", "six:0123456789ab", "6:0123", "6:6:0123456789ab"):
        with pytest.raises(EntryUnusable, match="hold this head: write it as it stands"):
            Head.parse(text)


@given(
    number=st.integers(1, ROWS),
    field=st.sampled_from(["at", "kind", "actor", "subject", "body_text", "previous_hash", "hash", "mac"]),
    text=st.text(max_size=70),
)
def test_no_single_change_goes_unseen(number: int, field: str, text: str) -> None:
    """Whatever is put into whichever field, the row is named, or else nothing was changed."""
    chain = list(CHAIN)
    chain[number - 1] = replace(chain[number - 1], **{field: text})
    verdict = followed(chain, KEY)
    assert verdict.ok == (chain == CHAIN)
    assert verdict.first_bad in (None, number)
