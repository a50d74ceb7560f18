"""What is needed of ccxt, and no more: `import ccxt` loads a hundred venues, a second and 37 MB a process."""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any

CCXT = "ccxt"


def _parts(*names: str) -> list[Any]:
    """Load modules of ccxt under a package that is made and not run, unless it has been run already.

    The package is taken away again: whoever imports ccxt later gets the whole, made of these same parts.
    """
    if CCXT in sys.modules:
        return [import_module(f"{CCXT}.{name}") for name in names]
    spec = find_spec(CCXT)
    if spec is None:
        raise ModuleNotFoundError(name=CCXT)
    sys.modules[CCXT] = module_from_spec(spec)
    try:
        return [import_module(f"{CCXT}.{name}") for name in names]
    finally:
        del sys.modules[CCXT]


errors, _kraken = _parts("base.errors", "kraken")
Kraken = _kraken.kraken
