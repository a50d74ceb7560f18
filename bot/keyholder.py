"""Starts the gateway's process, closed to other processes of this user before anything else is loaded."""

import gc
import sys

from trading.pids import undumpable


def main() -> int:
    """Close this process to others, then load and run the gateway."""
    undumpable()
    gc.disable()  # nothing of what is loaded is garbage, and looking for it takes a sixth of the start
    from bot.gateway_process import main as run  # takes a while to load

    gc.freeze()
    gc.enable()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
