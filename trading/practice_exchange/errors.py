"""How this exchange says no: with Kraken's own error strings."""


class KrakenError(Exception):
    """Kraken refused the call; the message is its error string, for example EOrder:Unknown order."""


def invalid_argument(name: str) -> KrakenError:
    """Give the error for one parameter that Kraken cannot use."""
    return KrakenError(f"EGeneral:Invalid arguments:{name}")
