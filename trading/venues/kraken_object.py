"""ccxt's Kraken, made so that it believes no answer that is none."""

from collections.abc import Mapping
from typing import Any

from trading.venues.ccxt_parts import Kraken, errors
from trading.venues.kraken_replies import flaw


class _Kraken(Kraken):  # type: ignore[misc]
    """ccxt's Kraken, with a reply that says nothing refused instead of believed."""

    def on_rest_response(self, code: int, reason: str, url: str, method: str, *rest: Any) -> str:
        """Let through what is an answer; `rest` is both sides' headers and bodies."""
        body = str(rest[1]).strip()
        if 200 <= code < 300 and (found := flaw(url, body)):
            raise errors.BadResponse(found)
        return body


def kraken_at(api_url: str | None, settings: Mapping[str, Any]) -> Any:
    """A connection's Kraken; with an address, that answers in Kraken's place."""
    exchange = _Kraken(dict(settings))
    if api_url:
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], api_url.rstrip("/"))
    return exchange
