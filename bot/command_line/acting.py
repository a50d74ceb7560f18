"""Commands that do something: run, demo, kill, health, and the checks before a start."""

import gc
import getpass
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.command_line.looking import Json, here, tell_gone
from bot.command_line.output import Exit, Output, complain, told
from bot.command_line.reporting import show_report

HALT_PROOF_TIMEOUT_S = 90.0


def run(as_json: Json = False) -> None:
    """Run the bot until it is told to end; with --json one line for each state: standing by, ready."""
    from bot.clock import system_clock
    from bot.running import run_bot

    _collect_from_now_on()
    with told():
        run_bot(system_clock, Output(as_json).say)


def _collect_from_now_on() -> None:
    """For what runs long; what was loaded stays, and is not looked through again and again."""
    gc.freeze()
    gc.enable()


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the practice workspace; 0 takes a free one.")
    ] = 8800,
    home: Annotated[Path, typer.Option(help="Made anew at each start.")] = Path("var/demo"),
    tier: Annotated[
        Literal["starter", "intermediate", "pro", "drill"],
        typer.Option(help="Whose limits of calls and orders the practice exchange keeps."),
    ] = "pro",
    as_json: Json = False,
) -> None:
    """The whole desk on this machine: workspace, exchange and bot; nothing in it is real."""
    from bot.clock import system_clock
    from bot.demo import run_demo

    _collect_from_now_on()
    with told():
        run_demo(home.absolute(), system_clock, port=port, tier=tier, say=Output(as_json).say)


def kill(
    reason: Annotated[list[str] | None, typer.Argument(help="Why; the desk reads it.")] = None,
    as_json: Json = False,
) -> None:
    """Halt everything at once, with or without bot and gateway; exit 4 when the venue does not prove it."""
    from bot.clock import system_clock
    from bot.home import home_in
    from trading.codec import encode
    from trading.errors import TradingError
    from trading.killswitch import Latch

    home = home_in(os.environ)
    why = " ".join(reason or []) or "from the shell, no reason given"
    try:
        Latch(home).engage(why, somebody(), system_clock())
    except TradingError as error:
        complain(str(error))
    state = Latch(home).read()
    halted = bool(state.by)  # nobody's name: what was read is not a halt that stands on this disk
    if halted:
        complain(f"HALTED: {state.reason}. No new order passes from {home}. Waiting for the venue's proof.")
    else:
        complain(
            f"NOT HALTED: nothing could be written in {home}. Is that the desk's home, and are you its user? "
            "Gateways that run are asked and orders are cancelled all the same, but a gateway that starts "
            "later would trade on. Set PEAK_OPS_HOME and try again, or halt in Slack."
        )
    proofs = _proofs(home, why)
    document = {
        "halt": {"engaged": halted, "reason": state.reason, "by": state.by, "at": state.at},
        "proofs": {name: encode(proof) for name, proof in proofs.items()},
    }
    lines = [_proof_line(name, proof) for name, proof in proofs.items()] or [
        "no venue was asked; look at the venue's page"
    ]
    Output(as_json).show(document, lines)
    if not halted or not proofs or not all(proof.proven for proof in proofs.values()):
        raise SystemExit(Exit.UNKNOWN)


def somebody() -> str:
    """Who is at the shell; a system user without an entry in the machine's list may halt too."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return f"{name} at the shell"


def _proofs(home: Path, why: str) -> dict[str, Any]:
    """Every account's proof, all asked at once: of its gateway, or of a process in a dead one's place."""
    from concurrent.futures import ThreadPoolExecutor

    from bot.errors import BotError
    from bot.gateway_launch import GatewayLauncher
    from bot.logs import warnings_to_stderr
    from bot.settings import Environment
    from trading.gateway_client import GatewayClient
    from trading.gateway_files import socket_path
    from trading.halt import halt_exchange

    try:
        environment = Environment.from_environ()
    except BotError as error:
        complain(f"{error} So no venue was asked for its proof: mend that and run this again.")
        return {}
    warnings_to_stderr(environment.secrets())
    launcher = GatewayLauncher(environment)

    def halt(exchange: str) -> Any:
        client = GatewayClient(socket_path(home, exchange))
        return halt_exchange(
            exchange, home, client, launcher.halt, reason=why, patience_s=HALT_PROOF_TIMEOUT_S
        )

    exchanges = sorted(_exchanges(environment))
    with ThreadPoolExecutor(max(1, len(exchanges))) as pool:
        return dict(zip(exchanges, pool.map(halt, exchanges), strict=True))


def _exchanges(environment: Any) -> set[str]:
    """Whatever has or had a gateway here, and the live one; a configuration in pieces takes none away."""
    from bot.configuration import load_config
    from bot.errors import BotError
    from bot.venue_note import noted_exchanges

    found = set(noted_exchanges(environment.home_folder))
    try:
        live = load_config(environment.config_folder).exchange_of("live")
    except (BotError, OSError) as error:
        complain(f"{error} The halt goes on without it.")
    else:
        found |= {live} if live else set()
    return found


def _proof_line(exchange: str, proof: Any) -> str:
    steps = ", ".join(f"{name} {at_ms} ms" for name, at_ms in proof.steps)
    held = ", ".join(f"{amount} {asset}" for asset, amount in proof.held.items() if amount)
    held = held or ("unknown" if proof.detail or not proof.proven else "nothing")
    word = f"{proof.orders_open} orders, proven" if proof.proven else "NOT PROVEN"
    doubt = f"; {proof.detail}" if proof.detail else ""
    foreign = f"; cancelled though not sent by this desk: {proof.foreign}" if proof.foreign else ""
    return f"{exchange}: {word}; still held: {held}{doubt}{foreign} ({steps})"


def health(as_json: Json = False) -> None:
    """The health check now; exit 1 when it fails."""
    from bot.installation import check_record_key
    from bot.operations.health import CheckHealth, DeskChecks, Machine

    installation = here()
    with told():
        check_record_key(installation)  # the check leaves a row in the record
    machine = Machine(installation.environment.home_folder)
    storage = installation.storage()
    checks = DeskChecks(storage, installation.desk, installation.latch, machine)
    check = CheckHealth(storage, installation.desk, checks, machine, installation.gateway)
    report = check.unposted(somebody())
    show_report(Output(as_json), "Health", report)


def readiness(
    stage: Annotated[str, typer.Option(help="shadow, testnet or live")] = "live",
    as_json: Json = False,
) -> None:
    """The checks before a start; exit 1 when one fails."""
    from bot.operations.health import DeskChecks, Machine
    from bot.operations.look import STAGES, readiness_report
    from trading.errors import TradingError
    from trading.session import Stage

    if stage not in STAGES:
        complain(f"There is no stage {stage!r}; give --stage {' or '.join(STAGES)}.")
        raise SystemExit(Exit.WRONG_USE)
    installation = here()
    machine = Machine(installation.environment.home_folder)
    checks = DeskChecks(installation.storage(), installation.desk, installation.latch, machine)
    try:
        report = readiness_report(installation.desk, checks, installation.gateway, Stage(stage))
    except TradingError as error:
        tell_gone(error)
    show_report(Output(as_json), "Readiness", report)


def orders(as_json: Json = False) -> None:
    """Open orders at the venue, ours and foreign."""
    from trading.errors import TradingError

    installation = here()
    try:
        found = installation.gateway(installation.desk.live_exchange).orders()
    except TradingError as error:
        tell_gone(error)
    rows = [
        ("ours" if o.ours else "foreign", o.symbol, o.side, o.quantity, o.filled_quantity, o.venue_order_id)
        for o in found
    ]
    Output(as_json).table(
        found, "Open orders", ("whose", "symbol", "side", "quantity", "filled", "venue id"), rows
    )


def manifest(as_json: Json = False) -> None:
    """Print the app's manifest, to paste into Slack; it is JSON with and without --json."""
    path = Path(__file__).parent.parent.parent / "config" / "slack_manifest.json"
    typer.echo(path.read_text("utf-8").rstrip())
