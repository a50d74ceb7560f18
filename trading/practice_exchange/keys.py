"""API keys: what they may do, whether a call is really theirs, and that no call comes twice."""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.practice_exchange.errors import KrakenError

MAIN_ACCOUNT = "main"
_NONCE = re.compile(r"[0-9]{1,20}")


class Right(StrEnum):
    """What a key may be allowed to do."""

    QUERY = "query"
    TRADE = "trade"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"


PERMISSIONS: dict[Right, tuple[str, ...]] = {
    Right.QUERY: ("query-funds", "query-open-trades", "query-closed-trades", "query-ledger"),
    Right.TRADE: ("modify-trades",),
    Right.CANCEL: ("close-trades",),
    Right.WITHDRAW: ("withdraw-funds",),
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of one account; the secret is base64, as Kraken hands it out."""

    key: str
    secret: str
    rights: frozenset[Right]
    account: str = MAIN_ACCOUNT
    ip_allowlist: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            base64.b64decode(self.secret, validate=True)
        except binascii.Error as error:
            raise ValueError(
                f"The secret of key {self.key} is not base64: make one with `openssl rand -base64 64`."
            ) from error

    @classmethod
    def parse(cls, text: str) -> "ApiKey":
        """Read KEY:SECRET:rights or KEY:SECRET:rights:account, the rights separated by commas."""
        key, secret, rights, account = f"{text}:{MAIN_ACCOUNT}".split(":")[:4]
        return cls(key, secret, frozenset(Right(word) for word in rights.split(",")), account)

    @property
    def permissions(self) -> list[str]:
        """The rights in the words of Kraken's GetApiKeyInfo."""
        return [name for right in Right if right in self.rights for name in PERMISSIONS[right]]


@dataclass(slots=True)
class _Use:
    """What the exchange remembers of one key from call to call."""

    added_at: datetime
    nonce: int = 0
    used_at: datetime | None = None


class KeyRing:
    """All keys of this exchange and the last nonce seen from each."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._uses: dict[str, _Use] = {}

    def add(self, key: ApiKey, now: datetime) -> None:
        """Let a key in; one of the same name is replaced."""
        self._keys[key.key] = key
        self._uses[key.key] = _Use(added_at=now)

    def all(self) -> tuple[ApiKey, ...]:
        """Every key, in the order in which they were added."""
        return tuple(self._keys.values())

    def authenticate(
        self, *, path: str, body: bytes, key: str, signature: str, nonce: str, now: datetime
    ) -> ApiKey:
        """Find who is calling, or refuse: unknown key, wrong signature, nonce not above the last one."""
        api_key = self._keys.get(key)
        if api_key is None:
            raise KrakenError("EAPI:Invalid key")
        digest = hashlib.sha256(nonce.encode() + body).digest()
        expected = hmac.new(base64.b64decode(api_key.secret), path.encode() + digest, hashlib.sha512).digest()
        if not hmac.compare_digest(base64.b64encode(expected), signature.encode()):
            raise KrakenError("EAPI:Invalid signature")
        use = self._uses[key]
        if not _NONCE.fullmatch(nonce) or int(nonce) <= use.nonce:
            raise KrakenError("EAPI:Invalid nonce")
        use.nonce = int(nonce)
        use.used_at = now
        return api_key

    def info(self, key: ApiKey) -> dict[str, object]:
        """Describe a key as GetApiKeyInfo does; times are Unix seconds as text, 0 for none."""
        use = self._uses[key.key]
        added = str(int(use.added_at.timestamp()))
        return {
            "apiKeyName": key.key,
            "apiKey": key.key,
            "nonce": str(use.nonce),
            "nonceWindow": 0,
            "permissions": key.permissions,
            "iban": "",
            "validUntil": "0",
            "queryFrom": "0",
            "queryTo": "0",
            "createdTime": added,
            "modifiedTime": added,
            "ipAllowlist": list(key.ip_allowlist),
            "lastUsed": str(int(use.used_at.timestamp())) if use.used_at else "0",
        }
