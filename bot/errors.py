"""What can go wrong in the bot itself; a class's docstring is its message."""

from typing import Any


class BotError(Exception):
    """Something in the bot went wrong."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)
        template = " ".join((type(self).__doc__ or "").split())
        super().__init__(template.format(**facts))


class ConfigError(BotError):
    """{file}: {key} = {value} is refused; {allowed}."""

    file: str
    key: str
    value: str
    allowed: str


class DatabaseUnavailable(BotError):
    """The database {url} did not do the work: {reason}.

    Nothing was saved. Check the disk or the server, then try again.
    """

    url: str
    reason: str


class DatabaseUnusable(BotError):
    """The database URL {url} cannot be used: {reason}.

    Give a file (sqlite:////srv/peak-ops/peak-ops.db) or a server (postgresql://...).
    """

    url: str
    reason: str


class DatabaseNewer(BotError):
    """The database is at revision {found} and this program knows no further than {known}.

    Install the newer program, or restore a backup made before the change.
    """

    found: str
    known: str
