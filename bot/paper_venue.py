"""The venue of a paper account: public prices, or such as are made on this machine."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from bot.configuration import DeskConfig
from bot.errors import ConfigError
from trading.paper_account import DUMMY, exchange_of
from trading.practice_exchange.dummy_market import DummyMarket
from trading.venues.kraken import KrakenVenue
from trading.venues.paper import Market, PaperVenue

MONEY = Decimal(10_000)


def open_paper(account: str, home: Path, config: DeskConfig, clock: Callable[[], datetime]) -> PaperVenue:
    """The account as it was left, or a new one with 10,000 of each currency that symbols are paid in."""
    quotes = {symbol.partition("/")[2] for symbol in config.desk.symbols} | {config.live_risk.currency}
    path = home / "paper" / f"{account}.json"
    return PaperVenue(_market(account, config, clock), path, dict.fromkeys(sorted(quotes), MONEY), clock)


def _market(account: str, config: DeskConfig, clock: Callable[[], datetime]) -> Market:
    if account == DUMMY:
        return DummyMarket(clock)
    exchange = exchange_of(account)
    settings = config.exchange.by_name.get(exchange)
    if settings is None or settings.venue != KrakenVenue.name:
        raise ConfigError(
            file="config.toml",
            key=f"exchange.{exchange}.venue",
            value=settings.venue if settings else "(not set)",
            allowed=f"prices are read from {KrakenVenue.name} alone",
        )
    return KrakenVenue(
        api_url=settings.api_url,
        key="",
        secret="",
        timeout_s=settings.timeout_s,
        rate_limit_ms=settings.rate_limit_ms,
        clock=clock,
    )
