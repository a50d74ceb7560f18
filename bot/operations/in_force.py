"""Letting a roster or a policy count, with its row in the record."""

from collections.abc import Mapping

from approvals.errors import InForceReplaced
from approvals.in_force import InForce, Kind
from approvals.payload import digest
from bot.storage import Transaction

NOTED_AS = "rules.in_force"


def put_in_force(tx: Transaction, kind: Kind, value: Mapping[str, object], origin: str, by: str) -> InForce:
    """Store it and note it; `origin` is the request that two persons agreed to, or what else it came from.

    Raises InForceReplaced where what counted until now is not what the record says.
    """
    _check(tx, kind)
    stored = tx.in_force.put(kind, value, origin, tx.now)
    tx.note(
        NOTED_AS,
        by,
        kind,
        version=stored.version,
        digest=digest(stored.body_text),
        origin=origin,
        value=stored.body_text,
    )
    return stored


def check_in_force(tx: Transaction) -> None:
    """Raise InForceReplaced where roster, policy or settings are not those of the newest row in the record.

    A signature does not say that a row is the last: it can be taken away, or an older one put back.
    """
    for kind in Kind:
        _check(tx, kind)


def _check(tx: Transaction, kind: Kind) -> None:
    noted, stored = tx.audit.newest(NOTED_AS, kind), tx.in_force.get(kind)
    if noted is None:
        return
    found = (stored.version, digest(stored.body_text)) if stored else None
    if found != (noted.body["version"], noted.body["digest"]):
        raise InForceReplaced(kind=kind)
