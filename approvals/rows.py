"""From a domain object to its row and back, and what shows that we wrote it."""

import hmac
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Executable, RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from approvals.audit import Entry
from approvals.grant import Grant
from approvals.payload import canonical
from approvals.person import Account
from approvals.policy import Rule
from approvals.request import (
    ApprovalRequest,
    Assurance,
    ExecutionState,
    RequestId,
    RequestState,
    Vote,
    VoteKind,
    VoteWord,
)
from approvals.tables import (
    EntryRow,
    FactorRow,
    FactorTryRow,
    GrantRow,
    InForceRow,
    RecoveryCodeRow,
    RequestRow,
    VoteRow,
)


def _table(row: type[SQLModel]) -> Table:
    # SQLModel gives it to every table class and declares it on none.
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


REQUEST, VOTE, GRANT, ENTRY = (_table(row) for row in (RequestRow, VoteRow, GrantRow, EntryRow))
IN_FORCE = _table(InForceRow)
FACTOR, RECOVERY_CODE, FACTOR_TRY = (_table(row) for row in (FactorRow, RecoveryCodeRow, FactorTryRow))
ENTRY_FIELDS = tuple(ENTRY.c[name] for name in Entry.__slots__)


def insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless it breaks a unique rule: then False, and the transaction goes on."""
    return connection.execute(_insertion(table, connection.dialect.name), dict(values)).rowcount == 1


@cache
def _insertion(table: Table, dialect_name: str) -> Executable:
    """The statement, made once: what is made for each row costs as much as running it."""
    dialect = postgresql if dialect_name == "postgresql" else sqlite
    statement: Executable = dialect.insert(table).on_conflict_do_nothing()
    return statement.execution_options(preserve_rowcount=True)


def signed(table: Table, values: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """A row's values with the signature over all of them: HMAC-SHA256, in hex."""
    return {**values, "mac": _mac(table, values, key)}


def is_signed(table: Table, row: RowMapping, key: bytes) -> bool:
    """Whether a row is, to the letter, one that was written with this key."""
    values = {name: value for name, value in row.items() if name != "mac"}
    return hmac.compare_digest(str(row["mac"]).encode(), _mac(table, values, key).encode())


def _mac(table: Table, values: Mapping[str, Any], key: bytes) -> str:
    text = f"{table.name}:{canonical(values)}"
    return hmac.digest(key, text.encode(), "sha256").hex()


def request_values(request: ApprovalRequest) -> dict[str, Any]:
    """The row of a request."""
    values = {name: getattr(request, name) for name in ApprovalRequest.__slots__}
    return {**values, "rule": request.rule.as_value()}


def request_of(row: RowMapping) -> ApprovalRequest:
    """The request of a row."""
    read = {
        "rule": Rule.from_value(row["rule"]),
        "state": RequestState(row["state"]),
        "execution": ExecutionState(row["execution"]),
    }
    return ApprovalRequest(**{**{name: row[name] for name in ApprovalRequest.__slots__}, **read})


def vote_values(request_id: RequestId, vote: Vote) -> dict[str, Any]:
    """The row of a vote."""
    values = {name: getattr(vote, name) for name in Vote.__slots__}
    return {**values, "request_id": request_id, "account": str(vote.account)}


def vote_of(row: RowMapping) -> Vote:
    """The vote of a row."""
    fields: dict[str, Any] = {name: row[name] for name in Vote.__slots__}
    fields["vote"] = VoteWord(row["vote"])
    fields["step_up"] = Assurance(row["step_up"])
    fields["kind"] = VoteKind(row["kind"])
    fields["account"] = Account.parse(row["account"])
    return Vote(**fields)


def grant_values(grant: Grant) -> dict[str, Any]:
    """The row of a grant that is not spent."""
    return {name: getattr(grant, name) for name in Grant.__slots__}


def grant_of(row: RowMapping) -> Grant:
    """The grant of a row."""
    return Grant(**{name: row[name] for name in Grant.__slots__})


def entry_values(entry: Entry) -> dict[str, Any]:
    """The row of an entry of the record."""
    return {name: getattr(entry, name) for name in Entry.__slots__}
