"""`python -m bot` is `peak-ops`: closed to other processes of this user before anything else is loaded."""

import os

from trading.pids import undumpable


def main() -> None:
    """Close this process and its files to others: its environment holds secrets. Then run the command."""
    undumpable()
    os.umask(0o077)
    from bot.cli import main as run  # takes a while to load

    run()


if __name__ == "__main__":
    main()
