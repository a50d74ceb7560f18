"""What shows that somebody else has written to the database: refused, and told to the whole desk."""

from approvals.errors import ApprovalError, InForceForged, InForceReplaced, PayloadAltered, RowForged
from bot.operations.alerts import raise_alert
from bot.operations.desk import Desk, Refused
from bot.storage import Transaction


def refused_by(tx: Transaction, desk: Desk, error: ApprovalError) -> Refused:
    """The no of an error; one that shows an edited database is an alert besides."""
    if isinstance(error, PayloadAltered | RowForged | InForceForged | InForceReplaced):
        raise_alert(
            tx,
            desk,
            f"forged:{tx.now.isoformat()}",
            "record.forged",
            "high",
            "Somebody else has written to the database",
            str(error),
            "Halt, keep a copy of the database, and run peak-ops audit verify.",
        )
    return Refused(str(error))
