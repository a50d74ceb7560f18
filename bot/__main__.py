"""`python -m bot` is `peak-ops`."""

from bot.cli import main

if __name__ == "__main__":
    main()
