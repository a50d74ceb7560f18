"""A person's second factor: codes by the clock, recovery codes, and the seal that keeps its secret."""

import hmac
import re
import secrets
import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from approvals.errors import FactorUnreadable
from approvals.payload import speakable_name
from approvals.person import PersonId

STEP_S = 30
DRIFT_STEPS = 1
TRIES_MAX = 10
RECOVERY_CODES = 10
# A factor that is enrolled once the desk is at work votes this much later, so that its person hears of it.
NEW_FACTOR_WAITS = timedelta(hours=24)
ISSUER = "Peak Ops"

_RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is read as another
_RECOVERY_LENGTH = 10
_DASHES = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_DIGITS = re.compile(r"[0-9]{6}")


class Code:
    """What somebody typed as a code; shown nowhere, whatever prints it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = _DASHES.sub("", unicodedata.normalize("NFKC", text)).lower()

    def __repr__(self) -> str:
        return "Code(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a code is not kept")

    @property
    def is_by_the_clock(self) -> bool:
        """Whether it is six digits, and no recovery code."""
        return _DIGITS.fullmatch(self._text) is not None

    def matches(self, expected: str) -> bool:
        """Whether it is this one, found in the same time for every wrong one."""
        return hmac.compare_digest(self._text.encode(), expected.encode())

    def digest(self, person: PersonId, key: bytes) -> str:
        """Hash it for this person, as recovery codes are kept."""
        return hmac.digest(key, f"recovery:{person}:{self._text}".encode(), "sha256").hex()


class Secret:
    """What an authenticator app shares with the desk; shown by `reveal` and `uri` alone."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def new(cls) -> Self:
        """Make one that nobody can guess."""
        return cls(pyotp.random_base32())

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is kept sealed only")

    def reveal(self) -> str:
        """The secret in letters and digits."""
        return self._text

    def uri(self, name: str) -> str:
        """The address that an authenticator app takes."""
        return pyotp.TOTP(self._text).provisioning_uri(name=name, issuer_name=ISSUER)

    def code_at(self, step: int) -> str:
        """The six digits of a time step."""
        return pyotp.TOTP(self._text).generate_otp(step)

    def step_of(self, code: Code, now: datetime) -> int | None:
        """The time step whose code this is, at most one away from now; None for a wrong code."""
        if not code.is_by_the_clock:
            return None
        current = step_at(now)
        steps = range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1)
        found = [step for step in steps if code.matches(self.code_at(step))]
        return found[-1] if found else None


class Seal:
    """Encrypts secrets at rest, each for its person: what is moved to somebody else's row cannot be read."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(urlsafe_b64encode(sha256(b"seal:" + key).digest()))

    def close(self, person: PersonId, secret: Secret) -> str:
        """Encrypt a person's secret."""
        return self._fernet.encrypt(f"{person}:{secret.reveal()}".encode()).decode()

    def open(self, person: PersonId, sealed: str) -> Secret:
        """Decrypt it again; raises FactorUnreadable for another key, another person or an edited text."""
        try:
            owner, _, text = self._fernet.decrypt(sealed).decode().partition(":")
        except (InvalidToken, ValueError):
            raise FactorUnreadable(person=person) from None
        if owner != person:
            raise FactorUnreadable(person=person)
        return Secret(text)


@dataclass(frozen=True, slots=True)
class Factor:
    """What is known of a person's second factor; `phrase` is what the form of an approval shows its person.

    It votes from `good_from` on.
    """

    person: PersonId
    phrase: str
    enrolled_at: datetime
    good_from: datetime


def step_at(now: datetime) -> int:
    """The time step of a moment."""
    return int(now.timestamp()) // STEP_S


def new_phrase() -> str:
    """Two words that nobody else knows, such as "amber falcon"."""
    return speakable_name(secrets.token_hex(16))


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes for the day on which the phone is gone, in two groups of five."""

    def one() -> str:
        text = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_LENGTH))
        return f"{text[:5]}-{text[5:]}"

    return tuple(one() for _ in range(RECOVERY_CODES))
