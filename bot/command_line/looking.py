"""Commands that change nothing."""

import os
from decimal import Decimal
from typing import Annotated, Any, NoReturn

import typer

from bot.command_line.output import Exit, Output, complain, told

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

sessions = typer.Typer(help="Trading sessions.", no_args_is_help=True)
approvals = typer.Typer(help="Approval requests.", no_args_is_help=True)
alerts = typer.Typer(help="Alerts.", no_args_is_help=True)
risk = typer.Typer(help="Risk limits.", no_args_is_help=True)


def here() -> Any:
    """This desk on this machine, only looked at; without a database as this program needs it: exit code 2."""
    installation = only_recorded()
    with told():
        installation.go_by_rules_in_force()
    return installation


def only_recorded() -> Any:
    """The same for whoever looks at the record alone, which must be possible whatever stands beside it."""
    installation = read_here()
    with told():
        installation.database.require_current()
    return installation


def read_here() -> Any:
    """The same, its database not looked at; a mistake in its configuration gives exit code 2."""
    from bot.clock import system_clock
    from bot.installation import read_installation
    from bot.settings import Environment

    with told():
        return read_installation(Environment.from_environ(), system_clock)


def tell_gone(error: Exception) -> NoReturn:
    """Say that the venue account could not be asked, and end with exit code 4."""
    complain(f"{error} Is the bot running? peak-ops doctor tells; peak-ops run starts it.")
    raise SystemExit(Exit.UNKNOWN)


def read_status() -> Any:
    """The desk in one look as a document: told by the bot at work, else read from the database.

    The gateway is asked over its socket and may be away.
    """
    from bot.home import home_in, status_socket
    from bot.transports.status_socket import status_of_the_bot

    told_by_bot = status_of_the_bot(status_socket(home_in(os.environ)))
    return told_by_bot if told_by_bot is not None else _status_read_here()


def _status_read_here() -> Any:
    from bot.command_line.output import plain_value
    from bot.operations.status import ReadStatus

    desk = here()
    return plain_value(ReadStatus(desk.storage(), desk.desk, desk.latch, desk.gateway)())


def status(as_json: Json = False) -> None:
    """Halt state, sessions, pending approvals, limits."""
    summary = read_status()
    halt = summary["halt"]
    lines = [f"HALTED by {halt['by'] or 'unknown'}: {halt['reason']}" if halt["engaged"] else "not halted"]
    lines.append(f"bot: {summary['bot']}")
    lines += [
        f"{s['state']:9} {s['symbol']:10} {s['strategy']} {s['stage']}  holds {s['position']}  "
        f"PnL {_money(s['daily_pnl'])}  {s['id']}"
        for s in summary["sessions"]
    ] or ["no session is open"]
    lines += [f"holds {quantity} {asset}" for asset, quantity in summary["held"]]
    lines += [f"waits: {p['name']}: {p['title']} ({p['waits_for']})" for p in summary["pending_approvals"]]
    lines += [f"limit {u['name']}: {_money(u['used'])} of {u['limit']}" for u in summary["limits"]]
    lines += [f"gateway {name}: {state}" for name, state in summary["gateways"]]
    Output(as_json).show(summary, lines)


def _money(amount: str | None) -> str:
    return "unknown" if amount is None else f"{Decimal(amount):.2f}"


@sessions.command("list")
def list_sessions(as_json: Json = False, count: Annotated[int, typer.Option("--last", min=1)] = 20) -> None:
    """The newest sessions, open and ended."""
    from bot.operations.sessions import summarise

    installation = here()
    prices = _prices(installation)
    with installation.storage().reading() as tx:
        found = [summarise(tx, installation.desk, session, prices) for session in tx.sessions.recent(count)]
    rows = [
        (s.id, s.stage, s.symbol, s.strategy, s.state, s.position, s.started_by, s.state_reason)
        for s in found
    ]
    columns = ("id", "stage", "symbol", "strategy", "state", "holds", "by", "why")
    Output(as_json).table(found, "Sessions", columns, rows)


def _prices(installation: Any) -> dict[str, Any]:
    """What each symbol could be sold for now; empty while the gateway does not answer."""
    from trading.errors import TradingError

    client = installation.gateway(installation.desk.live_exchange)
    try:
        return {symbol: client.ticker(symbol).bid for symbol in installation.desk.symbols}
    except TradingError:
        return {}


@approvals.command("list")
def list_approvals(as_json: Json = False, count: Annotated[int, typer.Option("--last", min=1)] = 20) -> None:
    """The newest requests."""
    installation = here()
    with installation.storage().reading() as tx:
        found = [_approval(tx, installation.desk, request) for request in tx.requests.recent(count)]
    rows = [
        (
            r["name"],
            r["action"],
            r["state"],
            r["execution"]["state"],
            r["requested_by"],
            f"{r['expires_at']:%Y-%m-%d %H:%M} UTC",
        )
        for r in found
    ]
    Output(as_json).table(found, "Requests", ("name", "action", "state", "execution", "by", "expires"), rows)


@approvals.command("show")
def show_approval(wanted: str, as_json: Json = False) -> None:
    """One request by its id or its name."""
    import json

    from approvals.errors import RequestUnknown
    from bot.command_line.output import plain_value

    installation = here()
    with installation.storage().reading() as tx:
        try:
            found = _approval(tx, installation.desk, tx.requests.by_name(wanted))
        except RequestUnknown as error:
            complain(str(error))
            raise SystemExit(Exit.WRONG_USE) from None
    Output(as_json).show(found, json.dumps(plain_value(found), indent=2).splitlines())


@approvals.command("verify")
def verify_approval(wanted: str, as_json: Json = False) -> None:
    """Whether the stored payload of a request is the one its digest was made of."""
    from approvals.errors import PayloadAltered, RequestUnknown

    installation = here()
    with installation.storage().reading() as tx:
        try:
            request = tx.requests.by_name(wanted)
        except RequestUnknown as error:
            complain(str(error))
            raise SystemExit(Exit.WRONG_USE) from None
    try:
        request.check_digest()
    except PayloadAltered as error:
        Output(as_json).show({"name": request.name, "ok": False, "why": str(error)}, [str(error)])
        raise SystemExit(Exit.CHECK_SAID_NO) from None
    Output(as_json).show(
        {"name": request.name, "ok": True}, [f"{request.name}: the payload is as it was asked for"]
    )


def _approval(tx: Any, desk: Any, request: Any) -> dict[str, Any]:
    return {
        "id": request.id,
        "name": request.name,
        "action": request.action,
        "state": request.state_at(tx.now),
        "requested_by": desk.name_of(request.requested_by),
        "reason": request.reason,
        "votes": [
            {"person": desk.name_of(vote.person), "vote": vote.vote, "at": vote.at, "step_up": vote.step_up}
            for vote in tx.requests.votes(request.id)
        ],
        "needed": request.rule.persons,
        "expires_at": request.expires_at,
        "digest": request.digest,
        "payload": request.payload,
        "execution": {"state": request.execution, "at": request.execution_at, "outcome": request.outcome},
    }


@alerts.command("list")
def list_alerts(as_json: Json = False, count: Annotated[int, typer.Option("--last", min=1)] = 20) -> None:
    """The newest alerts."""
    with here().storage().reading() as tx:
        found = tx.alerts.recent(count)
    rows = [
        (a.at.isoformat(timespec="seconds"), a.severity, a.title, a.detail, a.acknowledged_by) for a in found
    ]
    Output(as_json).table(found, "Alerts", ("at", "severity", "title", "detail", "acknowledged by"), rows)


@risk.command("show")
def show_risk(as_json: Json = False) -> None:
    """Each limit and what is used of it."""
    limits = read_status()["limits"]
    rows = [(use["name"], use["limit"], _money(use["used"])) for use in limits]
    Output(as_json).table(limits, "Risk limits", ("limit", "at most", "used"), rows)
