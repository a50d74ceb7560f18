"""What can go wrong in the bot itself; a class's docstring is its message."""

from typing import Any


class BotError(Exception):
    """Something in the bot went wrong."""

    exit_code = 1

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)
        template = " ".join((type(self).__doc__ or "").split())
        super().__init__(template.format(**facts))


class ConfigError(BotError):
    """{file}: {key} = {value} is refused; {allowed}."""

    exit_code = 2
    file: str
    key: str
    value: str
    allowed: str


class ConfigUnreadable(ConfigError):
    """{file}: {key} cannot be read ({value}); {allowed}."""


class DatabaseUnavailable(BotError):
    """The database {url} did not do the work: {reason}.

    Nothing was saved. Check the disk or the server, then try again.
    """

    url: str
    reason: str


class DatabaseMissing(DatabaseUnavailable):
    """There is no desk's database at {url}.

    peak-ops run makes it, and so does peak-ops db upgrade. If this desk has run before, PEAK_OPS_HOME or
    DATABASE_URL leads elsewhere.
    """

    exit_code = 2


class DatabaseUnusable(BotError):
    """The database URL {url} cannot be used: {reason}.

    Give a file (sqlite:////srv/peak-ops/peak-ops.db) or a server (postgresql://...).
    """

    exit_code = 2
    url: str
    reason: str


class DatabaseOlder(BotError):
    """The database is at revision {found} and this program needs {known}, so nothing was read.

    Back it up, then bring its tables up with peak-ops db upgrade; peak-ops run does it too.
    """

    exit_code = 2
    found: str
    known: str


class DatabaseNewer(BotError):
    """The database is at revision {found} and this program knows no further than {known}.

    Install the newer program, or restore a backup made before the change.
    """

    exit_code = 2
    found: str
    known: str
