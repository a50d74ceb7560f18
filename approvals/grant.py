"""The right to carry out one approved act, once, for a short while, and nothing but that act."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NewType, Self

from approvals.errors import GrantExpired, GrantMismatch
from approvals.payload import canonical, digest

__all__ = ["Grant", "GrantExpired", "GrantId", "GrantMismatch", "new_grant_id"]

GrantId = NewType("GrantId", str)


def new_grant_id() -> GrantId:
    """Make an id that nobody can guess."""
    return GrantId(f"grant-{secrets.token_hex(16)}")


@dataclass(frozen=True, slots=True)
class Grant:
    """Good from `issued_at` until `expires_at` for the payload of this digest; the store spends it once."""

    id: GrantId
    request_id: str
    action: str
    digest: str
    issued_at: datetime
    expires_at: datetime

    def covers(self, payload_text: str, action: str, now: datetime) -> None:
        """Raise GrantExpired or GrantMismatch unless this very act may run now."""
        if not self.issued_at <= now < self.expires_at:
            raise GrantExpired(issued_at=self.issued_at, expires_at=self.expires_at, now=now)
        if action != self.action:
            raise GrantMismatch(what="act", granted=self.action, found=action)
        if (found := digest(payload_text)) != self.digest:
            raise GrantMismatch(what="payload", granted=self.digest[:12], found=found[:12])

    def as_text(self) -> str:
        """Write it as one line of JSON, for the way to another process."""
        return canonical(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `as_text` wrote; raises ValueError or TypeError on anything else."""
        fields = json.loads(text)
        for name in ("issued_at", "expires_at"):
            fields[name] = datetime.fromisoformat(fields[name])
        return cls(**fields)
