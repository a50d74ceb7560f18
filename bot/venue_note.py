"""What a gateway leaves behind for a halt in its place: its venue's settings, without any secret."""

import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bot.configuration import DeskConfig
from bot.errors import BotError, ConfigError
from trading.codec import Unreadable, decode, encode
from trading.gateway_files import run_folder

ARRIVAL_SPARE_S = Decimal(1)
ARRIVAL_S_MAX = Decimal(30)

_VENUES = ("kraken",)


class NoVenueNote(BotError):
    """{path} cannot be read: {why}. The halt needs it, or a config.toml that can be read; mend that one."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class VenueNote:
    """One venue account as it was when its gateway started; an order may arrive for up to `arrival_s`."""

    exchange: str
    venue: str
    api_url: str | None
    timeout_s: int
    rate_limit_ms: int
    validate_only: bool
    currency: str
    arrival_s: Decimal

    def save(self, home: Path) -> None:
        """Put the note in place whole, for nobody but this user to read."""
        path = _path(home, self.exchange)
        run_folder(home)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(encode(self)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def venue_note(exchange: str, config: DeskConfig, order_life_s: float) -> VenueNote:
    """The note of an exchange by its configuration; raises ConfigError where no order can be sent."""
    settings = config.exchange.by_name.get(exchange)
    if settings is None or settings.venue not in _VENUES:
        raise ConfigError(
            file="config.toml",
            key=f"exchange.{exchange}.venue",
            value=settings.venue if settings else "(not set)",
            allowed=f"orders can be sent to {', '.join(_VENUES)}",
        )
    return VenueNote(
        exchange=exchange,
        venue=settings.venue,
        api_url=settings.api_url,
        timeout_s=settings.timeout_s,
        rate_limit_ms=settings.rate_limit_ms,
        validate_only=exchange != config.exchange_of("live"),
        currency=config.live_risk.currency,
        arrival_s=min(Decimal(str(order_life_s)) + ARRIVAL_SPARE_S, ARRIVAL_S_MAX),
    )


def read_note(home: Path, exchange: str) -> VenueNote:
    """The note that the last gateway of this exchange left; raises NoVenueNote."""
    path = _path(home, exchange)
    try:
        note = decode(VenueNote, json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, AttributeError, Unreadable) as error:
        raise NoVenueNote(path=path, why=str(error)) from error
    if note.venue not in _VENUES:
        raise NoVenueNote(path=path, why=f"it names {note.venue}")
    return note


def noted_exchanges(home: Path) -> frozenset[str]:
    """Every exchange that has or had a gateway in this home."""
    folder = home / "run"
    return frozenset(
        path.stem.removeprefix(kind)
        for kind in ("venue-", "gateway-")
        for path in folder.glob(f"{kind}*.json")
    )


def _path(home: Path, exchange: str) -> Path:
    return home / "run" / f"venue-{exchange}.json"
