"""`peak-ops sessions start|pause|resume`: a shell starts on paper and pauses; Slack answers the rest."""

from typing import Annotated, Any
from uuid import uuid4

import typer

from bot.command_line.acting import somebody
from bot.command_line.drilling import named
from bot.command_line.looking import Json, here, tell_gone
from bot.command_line.output import Exit, Output, complain, told

Wanted = Annotated[str, typer.Argument(metavar="SESSION", help="Its id, or its symbol.")]
Reason = Annotated[list[str] | None, typer.Argument(help="Why; the desk reads it.")]


def _to_act() -> Any:
    """This desk, whose record can be written here."""
    from bot.installation import check_record_key

    installation = here()
    with told():
        check_record_key(installation)
    return installation


def start_session(
    strategy: str,
    symbol: str,
    stage: Annotated[str, typer.Option(help="shadow")],
    timeframe: Annotated[str, typer.Option(help="Length of the bars.")] = "1m",
    notional: Annotated[str, typer.Option(help="At most, in the symbol's quote.")] = "",
    dummy: Annotated[bool, typer.Option("--dummy", help="Prices that are made here; no network.")] = False,
    as_json: Json = False,
) -> None:
    """Start a session on paper; the bot at work starts its process. Live is asked for in Slack."""
    from bot.operations.desk import Refused
    from bot.operations.shadow import ShadowAnswers, StartShadow, started
    from trading.session import Stage

    if stage != Stage.SHADOW:
        complain(f"Only shadow starts from a shell, not {stage!r}; live is /peak live start in Slack.")
        raise SystemExit(Exit.WRONG_USE)
    installation = _to_act()
    start = StartShadow(installation.storage(), installation.desk, installation.latch, lambda: None)
    outcome = start.from_shell(somebody(), ShadowAnswers(strategy, symbol, timeframe, notional, dummy))
    if isinstance(outcome, Refused):
        complain(outcome.sentence)
        raise SystemExit(Exit.REFUSED)
    Output(as_json).show({"id": outcome.id, "state": outcome.state}, [started(outcome)])


def pause_session(wanted: Wanted, reason: Reason = None, as_json: Json = False) -> None:
    """Keep a session from opening anything, at once; `all` is every one. Only two people let it go on."""
    from bot.operations.desk import Refused
    from bot.operations.pausing import PauseSession, pause_told

    installation = _to_act()
    pause = PauseSession(installation.storage(), installation.desk)
    found = pause.matching(wanted)
    if not found:
        complain(f"No open session is called {wanted!r}, so nothing was paused. See peak-ops sessions list.")
        raise SystemExit(Exit.WRONG_USE)
    outcomes = pause.from_shell(somebody(), found, " ".join(reason or []))
    paused = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    document = [{"id": session.id, "state": session.state} for session in paused]
    Output(as_json).show(document, [pause_told(outcome) for outcome in outcomes])
    if len(paused) < len(outcomes):
        raise SystemExit(Exit.REFUSED)


def resume_session(
    wanted: Wanted,
    reason: Reason = None,
    by: Annotated[
        str, typer.Option("--by", help="Who asks, by name; that person's own yes follows in Slack.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Ask that a paused session goes on; no yes comes from a shell."""
    from bot.operations.desk import Refused
    from bot.operations.health import DeskChecks, Machine
    from bot.operations.look import readiness_report
    from bot.operations.resuming import RequestResume
    from trading.errors import TradingError

    installation = _to_act()
    desk, storage = installation.desk, installation.storage()
    person = named(desk.roster, by)
    checks = DeskChecks(storage, desk, installation.latch, Machine(installation.environment.home_folder))

    def readiness(stage: Any) -> Any:
        return readiness_report(desk, checks, installation.gateway, stage)

    ask = RequestResume(storage, desk, readiness, installation.latch)
    try:
        outcome = ask(person, None, wanted, " ".join(reason or []), f"shell:{uuid4().hex}")
    except TradingError as error:
        tell_gone(error)
    if isinstance(outcome, Refused):
        complain(outcome.sentence)
        raise SystemExit(Exit.REFUSED)
    request = outcome.request
    line = f"Asked as “{request.name}”. It carries no yes: {person.name} gives the first one on its card."
    Output(as_json).show({"id": request.id, "name": request.name, "state": request.state}, [line])
