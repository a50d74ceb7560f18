"""A second factor: what is a code, whose it is, and that neither it nor its secret is ever shown."""

import pickle
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlparse

import pyotp
import pytest

from approvals.errors import FactorUnreadable
from approvals.factor import STEP_S, Code, Seal, Secret, new_phrase, new_recovery_codes, step_at
from tests.approvals.desk import KEY, NOON, OLIVIA, OTTO

SECRET = Secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
STEP = timedelta(seconds=STEP_S)


def test_the_code_is_that_of_every_authenticator_app() -> None:
    """RFC 6238's own example: at second 59 of the epoch its secret shows 94287082, of which six digits."""
    rfc = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

    assert rfc.code_at(59 // STEP_S) == "287082"


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_is_taken_one_step_around_now(steps: int) -> None:
    """A phone's clock may be half a minute off."""
    code = Code(SECRET.code_at(step_at(NOON + steps * STEP)))

    assert SECRET.step_of(code, NOON) == step_at(NOON) + steps


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_further_away_is_wrong(steps: int) -> None:
    """Whoever looked over a shoulder a minute ago has nothing."""
    assert SECRET.step_of(Code(SECRET.code_at(step_at(NOON + steps * STEP))), NOON) is None


def test_a_code_may_be_typed_as_phones_write_it() -> None:
    """Blanks, narrow blanks, dashes and full-width digits are the same code."""
    digits = SECRET.code_at(step_at(NOON))
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)

    for typed in (
        f"{digits[:3]} {digits[3:]}",
        f"{digits[:3]}\u202f{digits[3:]}",
        f"{digits[:3]}–{digits[3:]}",
        wide,
    ):
        assert SECRET.step_of(Code(typed), NOON) == step_at(NOON)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "12e456", "\x00" * 6])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    """Nothing but six digits is looked up by the clock."""
    assert SECRET.step_of(Code(typed), NOON) is None


def test_neither_code_nor_secret_is_shown_by_whatever_prints_it() -> None:
    """Not as text, not in a traceback's variables, not pickled into another process."""
    for hidden, inside in ((Code("123456"), "123456"), (SECRET, SECRET.reveal())):
        assert f"{hidden} {hidden!r}" == f"{type(hidden).__name__}(hidden) {type(hidden).__name__}(hidden)"
        assert inside not in f"{[hidden]!r}"
        with pytest.raises(
            TypeError, match=f"^a {type(hidden).__name__.lower()} is kept sealed only|is not kept$"
        ):
            pickle.dumps(hidden)


def test_the_address_for_the_app_names_desk_and_person() -> None:
    """What a QR code would hold."""
    parts = urlparse(SECRET.uri("Olivia"))

    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Peak%20Ops:Olivia")
    assert parse_qs(parts.query) == {"secret": [SECRET.reveal()], "issuer": ["Peak Ops"]}


def test_a_new_secret_has_160_bits_and_is_new() -> None:
    """As RFC 4226 recommends."""
    assert len(pyotp.TOTP(Secret.new().reveal()).byte_secret()) * 8 == 160
    assert Secret.new().reveal() != Secret.new().reveal()


def test_a_sealed_secret_opens_for_its_person_and_key_alone() -> None:
    """Moved to another row, edited, or met with another key, it is unreadable and says so."""
    sealed = Seal(KEY).close(OLIVIA.id, SECRET)

    assert SECRET.reveal() not in sealed
    assert Seal(KEY).open(OLIVIA.id, sealed).reveal() == SECRET.reveal()
    for seal, person, text in (
        (Seal(KEY), OTTO.id, sealed),
        (Seal(KEY + b"x"), OLIVIA.id, sealed),
        (Seal(KEY), OLIVIA.id, sealed[:-4] + "AAAA"),
        (Seal(KEY), OLIVIA.id, "ÄÖ"),
    ):
        with pytest.raises(FactorUnreadable) as refused:
            seal.open(person, text)
        assert refused.value.__cause__ is None
        assert refused.value.person == person
        assert SECRET.reveal() not in str(refused.value)


def test_recovery_codes_are_ten_and_differ() -> None:
    """Two groups of five, without letters that are read as another."""
    codes = new_recovery_codes()

    assert len(set(codes)) == 10
    assert all(len(code) == 11 and code[5] == "-" for code in codes)
    assert not set("".join(codes)) & set("01ilo")


def test_a_recovery_code_is_kept_as_a_hash_for_its_person_and_key() -> None:
    """However it is typed; nobody else's row, and no other key, has the same."""
    kept = Code("abcde-fghjk").digest(OLIVIA.id, KEY)

    assert re.fullmatch("[0-9a-f]{64}", kept)
    assert Code("ABCDE FGHJK").digest(OLIVIA.id, KEY) == kept
    others = {
        Code("abcde-fghjm").digest(OLIVIA.id, KEY),
        Code("abcde-fghjk").digest(OTTO.id, KEY),
        Code("abcde-fghjk").digest(OLIVIA.id, b"another"),
    }
    assert len(others | {kept}) == 4


def test_a_phrase_is_two_words_and_new() -> None:
    """Nobody guesses it: of ten, some differ."""
    phrases = {new_phrase() for _ in range(10)}

    assert len(phrases) > 1
    assert all(len(phrase.split()) == 2 for phrase in phrases)


def test_what_an_earlier_version_kept_still_counts() -> None:
    """Recovery codes and seals live for years, so neither their form nor what is mixed in may change."""
    kept = "03854973fffb256b40d38be66d0497cef24abadd4b45cce531b3f3827bfb4524"
    sealed = (
        "gAAAAABrChgNkXF667JDY3G5lbD7nymUntNVfmu-OSGSSQlkwhTGRNWFoGOrasn6cOULXDTT017IUe36glvCY9E_7pblm9Afl"
        "Wko7xEeipeKQHAwAvlFLFUSgJeZXfLG45WpH8C3zp_k"
    )

    assert Code("abcde-fghjk").digest(OLIVIA.id, KEY) == kept
    assert Seal(KEY).open(OLIVIA.id, sealed).reveal() == SECRET.reveal()
