"""`peak-ops demo`: practice workspace, practice exchange and bot on this machine, in a fresh home."""

import contextlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.errors import BotError
from bot.home import ready_note
from bot.installation import read_installation
from bot.practice import people
from bot.practice_beginning import begin_practice
from bot.practice_factors import PracticeFactors
from bot.settings import Environment, names_a_proxy, prefix_of
from trading.gateway_files import gateway_process, running_gateways
from trading.pids import ProcessId

START_TIMEOUT_S = 30
END_TIMEOUT_S = 8
EXCHANGE = "kraken"
RIGHTS = "query,trade,cancel"
# An account of the bot's own holds money only: coins beside it would move the day's loss by their price.
BALANCE = "ZUSD:25000"
# By the limits that the practice exchange keeps: how many ms apart the bot's calls are, so that they hold.
PACES_MS = {"starter": 1000, "intermediate": 667, "pro": 334, "drill": 50}
TIER = "pro"
# What tells the home of a demo from one that holds somebody's desk.
MARKER = "made-by-the-demo"
SHIPPED_CONFIG = Path(__file__).parent.parent / "config"
# From the range that Berlin's numbers leave free for films and books.
INVENTED_NUMBERS = "+49 30 231250"
ROLES = {"Owner": ["owner"], "Operator": ["operator"], "Risk Officer": ["risk_officer"]}
ROOMS = {
    "ops": people.TRADING_OPS,
    "approvals": people.TRADING_APPROVALS,
    "alerts": people.TRADING_ALERTS,
    "incidents": people.TRADING_INCIDENTS,
    "reports": people.TRADING_REPORTS,
}


class PartDidNotStart(BotError):
    """The {part} did not start. Read {log}."""

    part: str
    log: Path


class PortTaken(BotError):
    """Nothing can listen at port {port} of this machine: {why}. Is a demo running already?

    Give --port another one; 0 takes any that is free.
    """

    exit_code = 2
    port: int
    why: str


class NotADemo(BotError):
    """{home} is no home of a former demo, and the demo makes its home anew, so nothing was touched.

    Give --home a folder that is not there yet, or remove that one yourself.
    """

    exit_code = 2
    home: Path


@dataclass(frozen=True, slots=True)
class PracticeDesk:
    """The addresses and the environment of a practice desk that runs."""

    home: Path
    workspace_url: str
    exchange_url: str
    environ: Mapping[str, str]
    factors: PracticeFactors
    recovery_codes: Mapping[str, list[str]]
    begun_by: tuple[str, str]


def unchanged(text: str) -> str:
    """A file as it was shipped."""
    return text


def write_config(
    folder: Path,
    exchange_url: str,
    pace_ms: int,
    changes: Callable[[str], str] = unchanged,
    policy_changes: Callable[[str], str] = unchanged,
) -> None:
    """Put the practice people, rooms and exchange into a copy of the shipped configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    policy = (SHIPPED_CONFIG / "policy.toml").read_text("utf-8")
    (folder / "policy.toml").write_text(policy_changes(policy), "utf-8")
    entries = []
    for number, person in enumerate(people.PEOPLE, start=1):
        if person.kind is not people.Kind.MEMBER:
            continue
        roles = json.dumps(ROLES.get(person.title, []))
        entries.append(
            f'[[people]]\nname = "{person.name}"\nslack = ["{person.account}"]\nroles = {roles}\n'
            f'timezone = "{person.timezone}"\ncontact = "{INVENTED_NUMBERS}{number:02}"\n'
        )
    (folder / "people.toml").write_text("\n".join(entries), "utf-8")
    channels = "\n".join(f'{name} = "{room.id}"' for name, room in ROOMS.items())
    text = (SHIPPED_CONFIG / "config.toml").read_text("utf-8")
    head, _, tail = text.partition("[channels]")
    _, _, rest = tail.partition("\n[exchange]")
    filled = f"{head}[channels]\n{channels}\n\n[exchange]{rest}"
    filled = filled.replace('venue = "kraken" ', f'api_url = "{exchange_url}"\nvenue = "kraken" ')
    filled = filled.replace('venue = "kraken"\n', f'api_url = "{exchange_url}"\nvenue = "kraken"\n')
    filled = filled.replace("rate_limit_ms = 1000", f"rate_limit_ms = {pace_ms}")
    (folder / "config.toml").write_text(changes(filled), "utf-8")


def check_port(port: int) -> None:
    """Raise PortTaken, before anything is made or removed, where nothing can listen."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise PortTaken(port=port, why=error.strerror or str(error)) from error


def fresh_home(home: Path) -> None:
    """Make the home anew; raises NotADemo, before anything is ended or removed, for anybody else's folder."""
    ours = not home.exists() or (home / MARKER).exists() or (home.is_dir() and not any(home.iterdir()))
    if home.is_symlink() or not ours:
        raise NotADemo(home=home)
    end_leftovers(home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    (home / MARKER).touch()


def end_leftovers(home: Path) -> None:
    """End what a former demo of this home left behind when it was killed."""
    for exchange in running_gateways(home):
        if gateway := gateway_process(home, exchange):
            gateway.end(patience_s=2)
    for path in (home / "run").glob("session-*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            written = json.loads(path.read_text())
            ProcessId(int(written["pid"]), float(written["started_at"])).end(patience_s=1)


@contextlib.contextmanager
def part(name: str, command: list[str], log: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run one of the local servers and give what its first line says; ended with this block."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
            [sys.executable, "-m", *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(environ),
            start_new_session=True,
        )
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise PartDidNotStart(part=name, log=log)
        yield json.loads(line)
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a part politely, then for certain."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def plain_environ() -> dict[str, str]:
    """This environment without anything that would point the demo at a real desk or off this machine."""
    ours = ("PEAK_OPS_", "SLACK_", "DATABASE_URL")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(ours)
        and not name.endswith(("_API_KEY", "_API_SECRET"))
        and not names_a_proxy(name)
    }


@contextlib.contextmanager
def practice_desk(
    home: Path,
    now: datetime,
    *,
    port: int = 0,
    speed: float = 1,
    tier: str = TIER,
    socket_mode: bool = True,
    changes: Callable[[str], str] = unchanged,
    policy_changes: Callable[[str], str] = unchanged,
    database_url: str | None = None,
) -> Iterator[PracticeDesk]:
    """Both local servers and a home that the bot can start in, its people enrolled, begun by two of them.

    `changes` edits its config.toml, `policy_changes` its policy.toml.
    """
    environ = plain_environ()
    keys = {stem: (secrets.token_hex(12), secrets.token_hex(24)) for stem in ("trading", "emergency")}
    slack, factors = PracticeSlack.made(socket_mode=socket_mode), PracticeFactors.made()
    with ExitStack() as stack:
        exchange = stack.enter_context(
            part(
                "practice exchange",
                [
                    "trading.practice_exchange",
                    f"--speed={speed}",
                    f"--tier={tier}",
                    f"--balance={BALANCE}",
                ],
                home / "logs" / "practice-exchange.log",
                {**environ, "PRACTICE_KEYS": " ".join(":".join([*pair, RIGHTS]) for pair in keys.values())},
            )
        )
        workspace = stack.enter_context(
            part(
                "practice workspace",
                ["bot.practice", f"--port={port}", f"--exchange-url={exchange['url']}", *slack.options],
                home / "logs" / "practice-workspace.log",
                {**environ, **slack.environ, **factors.environ},
            )
        )
        write_config(home / "config", exchange["url"], PACES_MS[tier], changes, policy_changes)
        prefix = prefix_of(EXCHANGE)
        desk_environ = {
            **environ,
            **slack.environ,
            "PEAK_OPS_HOME": str(home),
            "PEAK_OPS_CONFIG": str(home / "config"),
            "PEAK_OPS_SECRET_KEY": secrets.token_urlsafe(48),
            "SLACK_API_URL": workspace["api_url"],
            f"{prefix}_API_KEY": keys["trading"][0],
            f"{prefix}_API_SECRET": keys["trading"][1],
            f"{prefix}_EMERGENCY_API_KEY": keys["emergency"][0],
            f"{prefix}_EMERGENCY_API_SECRET": keys["emergency"][1],
            **({"DATABASE_URL": database_url} if database_url else {}),
        }
        codes, begun_by = _people_it(desk_environ, factors, now)
        yield PracticeDesk(
            home=home,
            workspace_url=workspace["url"],
            exchange_url=exchange["url"],
            environ=desk_environ,
            factors=factors,
            recovery_codes=codes,
            begun_by=begun_by,
        )


def _people_it(
    environ: Mapping[str, str], factors: PracticeFactors, now: datetime
) -> tuple[dict[str, list[str]], tuple[str, str]]:
    """Enrol everybody and have two of them begin the desk; gives the recovery codes left, and the two."""
    installation = read_installation(Environment.from_environ(dict(environ)), lambda: now)
    installation.begin()
    codes = factors.enrol(installation, now)
    begun_by = begin_practice(installation, codes)
    installation.database.close()
    return codes, begun_by


@dataclass(frozen=True, slots=True)
class PracticeSlack:
    """Tokens that only this practice desk knows, in the environment of workspace and bot, never on argv."""

    options: tuple[str, ...]
    environ: Mapping[str, str]

    @classmethod
    def made(cls, *, socket_mode: bool) -> "PracticeSlack":
        """New tokens, for Socket Mode or for signed HTTP to a free port."""
        bot_token = f"xoxb-{secrets.token_hex(12)}"
        options = [f"--manifest={SHIPPED_CONFIG / 'slack_manifest.json'}"]
        if socket_mode:
            app_token = f"xapp-{secrets.token_hex(12)}"
            tokens = {"SLACK_BOT_TOKEN": bot_token, "SLACK_APP_TOKEN": app_token}
            return cls(tuple(options), {**tokens, "PEAK_OPS_LISTEN": "127.0.0.1:0"})
        address, secret = f"127.0.0.1:{_free_port()}", secrets.token_hex(16)
        options.append(f"--request-url=http://{address}/slack/events")
        tokens = {"SLACK_BOT_TOKEN": bot_token, "SLACK_SIGNING_SECRET": secret}
        return cls(tuple(options), {**tokens, "PEAK_OPS_LISTEN": address})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_demo(
    home: Path,
    clock: Callable[[], datetime],
    *,
    port: int = 0,
    tier: str = TIER,
    say: Callable[..., None],
) -> None:
    """Run the whole desk until interrupted; a bot that dies is started again, as a service manager would."""
    check_port(port)
    fresh_home(home)
    for number in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP: somebody closed the terminal
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), practice_desk(home, clock(), port=port, tier=tier) as desk:
        try:
            _keep_bot_running(desk, say)
        finally:
            end_leftovers(home)


def _keep_bot_running(desk: PracticeDesk, say: Callable[..., None]) -> None:
    announced = False
    while True:
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            env=dict(desk.environ),
            stdout=subprocess.DEVNULL,  # what there is to say of this desk is said below
            start_new_session=True,
        )
        try:
            if not announced:
                _wait_until_ready(desk, bot)
                announced = True
                _announce(desk, say)
            code = bot.wait()
        finally:
            end(bot)
        say(f"The bot ended ({code}); starting it again", state="starting again", code=code)
        time.sleep(1)


def _announce(desk: PracticeDesk, say: Callable[..., None]) -> None:
    hint = shell_hint(_write_environ(desk))
    sentences = (
        f"The desk is open: {desk.workspace_url}",
        f"{' and '.join(desk.begun_by)} have begun it, as two people begin every desk",
        "Be Otto in one window and Olivia in another; type /peak live start ma_crossover BTC/USD",
        "Everybody is enrolled; the code of each stands beside the name, at the top right",
        f"The practice exchange listens at {desk.exchange_url}. Home folder: {desk.home}",
        f"For the shell: {hint}",
        "Ctrl-C ends everything.",
    )
    say(
        "\n".join(sentences),
        state="open",
        workspace=desk.workspace_url,
        exchange=desk.exchange_url,
        home=str(desk.home),
        shell=hint,
    )


def shell_hint(environ: Path) -> str:
    """What to type for this desk's status, as it stands: the command need not be on the PATH."""
    program = shlex.quote(str(Path(sys.executable).with_name("peak-ops")))
    return f"set -a; . {shlex.quote(str(environ))}; set +a; {program} status"


def _write_environ(desk: PracticeDesk) -> Path:
    """Leave the bot's environment for a shell, readable for this user alone."""
    ours = ("PEAK_OPS_", "SLACK_", prefix_of(EXCHANGE))
    lines = [f"{name}={shlex.quote(value)}" for name, value in desk.environ.items() if name.startswith(ours)]
    path = desk.home / "demo.env"
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _wait_until_ready(desk: PracticeDesk, bot: "subprocess.Popen[bytes]") -> None:
    ready = ready_note(desk.home)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready.exists():
        if bot.poll() is not None or time.monotonic() > deadline:
            raise PartDidNotStart(part="bot", log=desk.home / "logs" / "peak-ops.log")
        time.sleep(0.05)
