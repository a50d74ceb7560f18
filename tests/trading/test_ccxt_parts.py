"""Of ccxt a gateway loads one venue, and nobody can tell the difference."""

import subprocess
import sys


def test_one_venue_is_loaded_and_the_whole_is_made_of_it() -> None:
    """A hundred others are left out; who imports ccxt afterwards finds the same classes, and everything."""
    words = """
import sys
from trading.venues.ccxt_errors import errors
from trading.venues.ccxt_parts import Kraken
assert "ccxt.kraken" in sys.modules
assert not {"ccxt", "ccxt.binance", "ccxt.pro"} & sys.modules.keys(), sys.modules.keys()
import ccxt
assert ccxt.kraken is Kraken
assert ccxt.NetworkError is errors.NetworkError
assert ccxt.binance().id == "binance"
"""
    subprocess.run([sys.executable, "-c", words], check=True)


def test_a_whole_that_is_there_is_taken() -> None:
    """Nothing is loaded twice, in whatever order it comes."""
    words = (
        "import ccxt; from trading.venues.ccxt_parts import Kraken; "
        "assert ccxt.kraken is Kraken; ccxt.binance()"
    )
    subprocess.run([sys.executable, "-c", words], check=True)
