"""Column types that keep times, amounts and canonical text exactly, on SQLite and on PostgreSQL alike."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from approvals.errors import AmountInQuery, NaiveTime, NotADecimal
from approvals.payload import DIGITS_MAX, canonical, decimal_text, parsed


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time: UTC in the database and out of it, to the microsecond; a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; SQLite's own type leaves the zone off."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise NaiveTime(found=str(value))
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DecimalText(TypeDecorator[Decimal]):
    """An amount as canonical text; floats, NaN and infinities are refused, and so are SQL order and sums."""

    impl = String(2 * DIGITS_MAX + 3)
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[Decimal]):  # noqa: N801 - SQLAlchemy looks for this name
        """Lets an amount be equal or not; anything else would compare texts."""

        ALLOWED = (operators.eq, operators.ne, operators.is_, operators.is_not, operators.in_op)

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Refuse every operator that text answers wrongly."""
            if op not in self.ALLOWED:
                raise AmountInQuery()
            return super().operate(op, *other, **kwargs)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the amount as the one text that equal amounts share."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise NotADecimal(found=repr(value)[:40])
        return decimal_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read the amount back exactly."""
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """A value as canonical JSON text, letter for letter what would be hashed."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the value in its canonical form."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Parse it again; amounts and times come back as text."""
        return None if value is None else parsed(value)
