"""The gateway's process: the one place where a venue's key meets a connection.

`python -m bot.gateway_process <exchange>` runs it until it is told to end. With `--halt` it does the venue's
part of a halt once, over the emergency key, and prints the proof as one line of JSON: that is for a gateway
that does not answer any more.
"""

import json
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace

from bot.clock import system_clock
from bot.configuration import DeskConfig, load_config
from bot.database import Database
from bot.errors import BotError, ConfigError
from bot.logs import start_logs
from bot.settings import Credentials, Environment, practice, prefix_of, take_secrets_out_of_environ
from trading.books import Books
from trading.codec import encode
from trading.errors import TradingError
from trading.gateway import Gateway
from trading.gateway_files import GatewayLock, GatewayRuns
from trading.halt import Steps, halt_venue
from trading.killswitch import Latch
from trading.pids import undumpable
from trading.venues.kraken import KrakenVenue
from trading.wire import HaltProof

_HALT_WITHIN_S = 45.0
_VENUES = ("kraken",)


def main(arguments: list[str]) -> int:
    """Run a gateway, or halt in its place; gives the exit code."""
    if not arguments or arguments[1:] not in ([], ["--halt"]):
        sys.stderr.write("usage: python -m bot.gateway_process <exchange> [--halt]\n")
        return 2
    undumpable()
    try:
        environment = Environment.from_environ()
        take_secrets_out_of_environ()
        start_logs(environment.home_folder, environment.secrets(), f"gateway-{arguments[0]}")
        config = load_config(environment.config_folder)
        return (_halt if arguments[1:] else _serve)(arguments[0], environment, config)
    except BotError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except TradingError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _serve(exchange: str, environment: Environment, config: DeskConfig) -> int:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    keys = environment.credentials(exchange)
    if keys is None:
        raise _missing(f"{prefix_of(exchange)}_API_KEY")
    spare = environment.emergency_credentials(exchange)
    gateway = Gateway(
        venue=_venue(exchange, config, keys, throttled=True),
        emergency_venue=_venue(exchange, config, spare, throttled=False) if spare else None,
        database=Database(environment.database_url),
        limits=config.live_risk.limits(),
        latch=Latch(environment.home_folder),
        clock=system_clock,
        exchange=exchange,
        home=environment.home_folder,
        zone=config.desk.zone,
        practice=practice(environment, config),
    )
    gateway.start()
    stopped.wait()
    gateway.close()
    return 0


def _halt(exchange: str, environment: Environment, config: DeskConfig) -> int:
    """Cancel and prove with the emergency key; without one the trading key is free now and serves."""
    steps = Steps()
    keys = environment.emergency_credentials(exchange) or environment.credentials(exchange)
    if keys is None:
        raise _missing(f"{prefix_of(exchange)}_EMERGENCY_API_KEY")
    books = Books(Database(environment.database_url), exchange, config.live_risk.currency, system_clock)
    books.load_without_prices()
    with suppress(
        GatewayRuns
    ):  # kept, so that no new gateway uses the key meanwhile; one that runs halts too
        GatewayLock(environment.home_folder, exchange, announced=False)
    proof = halt_venue(
        _venue(exchange, config, keys, throttled=False),
        last_deadline=books.last_deadline,
        clock=system_clock,
        within_s=_HALT_WITHIN_S,
        steps=steps,
    )
    _print(replace(proof, held=books.held()))
    return 0 if proof.proven else 4


def _venue(exchange: str, config: DeskConfig, keys: Credentials, *, throttled: bool) -> KrakenVenue:
    settings = config.exchange.by_name.get(exchange)
    if settings is None or settings.venue not in _VENUES:
        found = settings.venue if settings else "(not set)"
        raise ConfigError(
            file="config.toml",
            key=f"exchange.{exchange}.venue",
            value=found,
            allowed=f"orders can be sent to {', '.join(_VENUES)}",
        )
    return KrakenVenue(
        api_url=settings.api_url,
        key=keys.key.get_secret_value(),
        secret=keys.secret.get_secret_value(),
        timeout_s=settings.timeout_s,
        rate_limit_ms=settings.rate_limit_ms,
        clock=system_clock,
        throttled=throttled,
        validate_only=exchange != config.exchange_of("live"),
    )


def _missing(name: str) -> ConfigError:
    return ConfigError(file="environment", key=name, value="(not set)", allowed="the gateway needs it")


def _print(proof: HaltProof) -> None:
    sys.stdout.write(json.dumps(encode(proof)) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
