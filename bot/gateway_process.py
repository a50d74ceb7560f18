"""The gateway's process: the one place where a venue's key meets a connection.

`python -m bot.keyholder <exchange>` runs it until it is told to end; keys come as JSON over standard input.
With `--halt` it does the venue's part of a halt once, over the emergency key, and prints the proof as one
line of JSON: that is for a gateway that does not answer any more.
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.clock import system_clock
from bot.config_in_force import SETTINGS, Settings, as_in_force
from bot.configuration import DeskConfig, load_config
from bot.database import Database
from bot.errors import BotError, ConfigError
from bot.logs import start_logs, warnings_to_stderr
from bot.paper_venue import open_paper
from bot.settings import Credentials, Environment, practice, prefix_of
from bot.venue_note import VenueNote, read_note, venue_note
from trading.books import Books
from trading.codec import encode
from trading.errors import TradingError
from trading.gateway import Gateway, Timing
from trading.gateway_files import note_proof
from trading.halt import Steps, halt_venue
from trading.killswitch import Latch
from trading.paper_account import exchange_of, is_paper
from trading.pids import own_age_s
from trading.stand_in import take_account
from trading.venues.kraken import KrakenVenue
from trading.venues.venue import Venue
from trading.wire import HaltProof

_ENDS = {signal.SIGTERM, signal.SIGINT}
_HALT_WITHIN_S = 30.0
_BOOKS_WITHIN_S = 5.0
_NO_REASON = "a halt that no file could take"

# A halt makes up to two calls after its time is over, and whoever waits for it ends it after sixty seconds.
_EMERGENCY_CALL_S_MAX = 10


def main(arguments: list[str]) -> int:
    """Run a gateway, or halt in its place; gives the exit code."""
    if not arguments or arguments[1:] not in ([], ["--halt"]):
        sys.stderr.write("usage: python -m bot.keyholder <exchange> [--halt]\n")
        return 2
    exchange, halts = arguments[0], bool(arguments[1:])
    try:
        told = json.load(sys.stdin)
        settings = json.loads(told.pop(SETTINGS, "{}"))
        environment = Environment.from_environ({**os.environ, **told})
        if halts:
            return _halt(exchange, environment, settings)
        start_logs(environment.home_folder, environment.secrets(), f"gateway-{exchange}")
        return _serve(exchange, environment, settings)
    except BotError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except TradingError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _serve(exchange: str, environment: Environment, settings: Settings) -> int:
    config = as_in_force(load_config(environment.config_folder), settings)
    # Waited for below, and not handled: a handler that sets what its own thread is about to wait for hangs.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    timing = Timing()
    venue, emergency, note = _doors(exchange, environment, config, timing)
    gateway = Gateway(
        venue=venue,
        emergency_venue=emergency,
        database=Database(environment.database_url),
        limits=config.live_risk.limits(),
        caps=config.live_risk.caps(),
        latch=Latch(environment.home_folder),
        clock=system_clock,
        exchange=exchange,
        home=environment.home_folder,
        zone=config.desk.zone,
        practice=practice(environment, config),
        settings_digest=config.settings_digest(exchange_of(exchange)),
        timing=timing,
    )
    gateway.start()
    if note is not None:
        with suppress(OSError):  # a full disk: the note of the start before still stands
            note.save(environment.home_folder)
    signal.sigwait(_ENDS)
    gateway.close()
    return 0


def _doors(
    exchange: str, environment: Environment, config: DeskConfig, timing: Timing
) -> tuple[Venue, Venue | None, VenueNote | None]:
    """The account's venue, that of a halt, and what to leave behind for one; on paper the first is all."""
    if is_paper(exchange):
        return open_paper(exchange, environment.home_folder, config, system_clock), None, None
    keys = environment.credentials(exchange)
    if keys is None:
        raise _missing(f"{prefix_of(exchange)}_API_KEY")
    spare = environment.emergency_credentials(exchange)
    note = venue_note(exchange, config, timing.order_life_s)
    emergency = _venue(note, spare, throttled=False) if spare else None
    return _venue(note, keys, throttled=True), emergency, note


def _halt_on_paper(exchange: str, environment: Environment, settings: Settings) -> int:
    """Cancel what is open on paper, of which no venue has anything."""
    home, mark = environment.home_folder, Latch(environment.home_folder).mark()
    steps = Steps(own_age_s())
    config = as_in_force(load_config(environment.config_folder), settings)
    venue = open_paper(exchange, home, config, system_clock)
    steps.took(f"orders cancelled ({venue.cancel_all()})")
    note_proof(home, exchange, mark)
    proof = HaltProof(proven=True, steps=steps.taken, orders_open=0, held={}, detail="orders on paper alone")
    sys.stdout.write(json.dumps(encode(proof)) + "\n")
    return 0


def _halt(exchange: str, environment: Environment, settings: Settings) -> int:
    """Cancel and prove with the emergency key; without one the trading key is free now and serves.

    Needs neither a configuration nor a database that can be read: then the note of the last gateway and the
    longest life of an order take their place, and what is held is said to be unknown. A gateway that has come
    meanwhile halts instead: two processes with one account would contradict each other.
    """
    if is_paper(exchange):
        return _halt_on_paper(exchange, environment, settings)
    # Until the home's own log is open, and where there is none: no traceback with what variables hold.
    warnings_to_stderr(environment.secrets())
    keys = environment.halt_credentials(exchange)
    if keys is None:
        raise _missing(f"{prefix_of(exchange)}_EMERGENCY_API_KEY")
    note = _settings_for_halt(exchange, environment, settings)
    home, mark = environment.home_folder, Latch(environment.home_folder).mark()
    until, steps = time.monotonic() + _HALT_WITHIN_S, Steps(own_age_s())
    proof = None
    if home.is_dir():  # else it may be mistyped, and must not come to be by this
        with suppress(OSError):  # a full disk takes the log, and not the halt
            start_logs(home, environment.secrets(), f"gateway-{exchange}")
        proof = take_account(home, exchange, Latch(home).read().reason or _NO_REASON, steps)
    if proof is None:
        record = _OurRecord(environment, note)
        proof = halt_venue(
            _venue(note, keys, throttled=False),
            last_deadline=record.last_deadline,
            clock=system_clock,
            within_s=until - time.monotonic(),
            steps=steps,
        )
        held, unread = record.held()
        proof = replace(proof, held=held, detail="; ".join(filter(None, (proof.detail, unread))))
    if proof.proven and home.is_dir():
        note_proof(home, exchange, mark)
    sys.stdout.write(json.dumps(encode(proof)) + "\n")
    return 0 if proof.proven else 4


class _OurRecord:
    """What our own books say to a halt, read in the background from the beginning."""

    def __init__(self, environment: Environment, note: VenueNote) -> None:
        self._environment = environment
        self._note = note
        self._books: Books | None = None
        self._why = "it has not answered yet"
        self._arrives_until = system_clock() + timedelta(seconds=float(note.arrival_s))
        self._reading = threading.Thread(target=self._read, name="halt-books", daemon=True)
        self._reading.start()

    def last_deadline(self) -> datetime | None:
        """Until when an order may still arrive: by the books, or by the longest life that an order has."""
        return self._arrives_until if self._books is None else self._books.last_deadline()

    def held(self) -> tuple[dict[str, Decimal], str]:
        """What we hold by our own fills, and why that is not known."""
        self._reading.join(_BOOKS_WITHIN_S)
        if self._books is None:
            return {}, f"what is held is not known, the database could not be read: {self._why}"
        return self._books.held(), ""

    def _read(self) -> None:
        home = self._environment.home_folder
        if not home.is_dir():
            self._why = f"{home} is not there"
            return
        try:
            database = Database(self._environment.database_url)
            books = Books(database, self._note.exchange, self._note.currency, system_clock)
            books.load_without_prices()
        except Exception as error:
            self._why = str(error) or type(error).__name__
        else:
            self._books = books


def _settings_for_halt(exchange: str, environment: Environment, settings: Settings) -> VenueNote:
    try:
        config = as_in_force(load_config(environment.config_folder), settings)
        return venue_note(exchange, config, Timing().order_life_s)
    except (BotError, OSError) as error:
        sys.stderr.write(f"{error} The halt goes on with what the last gateway wrote down.\n")
        return read_note(environment.home_folder, exchange)


def _venue(note: VenueNote, keys: Credentials, *, throttled: bool) -> KrakenVenue:
    return KrakenVenue(
        api_url=note.api_url,
        key=keys.key.get_secret_value(),
        secret=keys.secret.get_secret_value(),
        timeout_s=note.timeout_s if throttled else min(note.timeout_s, _EMERGENCY_CALL_S_MAX),
        rate_limit_ms=note.rate_limit_ms,
        clock=system_clock,
        throttled=throttled,
        validate_only=note.validate_only,
    )


def _missing(name: str) -> ConfigError:
    return ConfigError(file="environment", key=name, value="(not set)", allowed="the gateway needs it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
