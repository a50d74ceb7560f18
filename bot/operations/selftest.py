"""What a self-test came to, kept in the record with its day, host and release."""

from zoneinfo import ZoneInfo

from bot.operations.desk import Desk
from bot.storage import Storage, Transaction
from trading.health import Finding, HealthReport, Verdict, failed, passed

SELFTEST = "selftest"
RUN_IT = "Run peak-ops selftest on this machine."


def note_selftest(storage: Storage, desk: Desk, report: HealthReport, host: str, by: str) -> None:
    """Put a self-test on record, as one of this host and of the code that runs here."""
    with storage.transaction() as tx:
        verdict = str(report.verdict)
        tx.note(SELFTEST, by, host, verdict=verdict, code=desk.code_version, reason=report.in_short)


def selftest_today(tx: Transaction, desk: Desk, host: str) -> Finding:
    """Whether a self-test of this very code passed on this host on the desk's present day."""
    newest = tx.audit.newest(SELFTEST, host)
    if newest is None:
        return failed(f"none has been made on {host}", RUN_IT)
    when = f"{newest.time:%Y-%m-%d %H:%M} UTC"
    if newest.body["verdict"] != Verdict.PASSED:
        return failed(f"that of {when} on {host} {newest.body['reason']}", RUN_IT)
    if newest.body["code"] != desk.code_version:
        return failed(f"that of {when} was made with {newest.body['code']}, not {desk.code_version}", RUN_IT)
    zone = ZoneInfo(desk.timezone)
    if newest.time.astimezone(zone).date() != tx.now.astimezone(zone).date():
        return failed(f"the last one on {host} was at {when}, not today", RUN_IT)
    return passed(f"passed on {host} at {when}")
