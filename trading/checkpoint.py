"""What the first fills of an account come to, kept so that a start need not fold a year of them."""

from dataclasses import dataclass, field
from datetime import datetime

from trading.fill import Fill
from trading.position import Book, Position

# A start folds so many in a fraction of a second; a new checkpoint for fewer is not worth its row.
WORTH_KEEPING = 1_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The positions after the first `fills` fills, up to the row `sequence`: the account's and by session."""

    sequence: int = 0
    fills: int = 0
    newest_at: datetime | None = None
    account: tuple[Position, ...] = ()
    sessions: dict[str, tuple[Position, ...]] = field(default_factory=dict)

    def goes_before(self, fills: list[Fill]) -> bool:
        """Whether all these fills happened later, so that folding them onto it is folding all in order."""
        return self.newest_at is None or not fills or fills[0].at >= self.newest_at


class Folded:
    """The positions of an account and of each of its sessions, folded from fills."""

    def __init__(self, begin: Checkpoint) -> None:
        self.account = Book.of(begin.account)
        self.sessions = {ident: Book.of(positions) for ident, positions in begin.sessions.items()}
        self.newest_at = begin.newest_at

    def apply(self, fill: Fill) -> None:
        """Add one fill."""
        self.account.apply(fill)
        self.sessions.setdefault(fill.session_id or "", Book()).apply(fill)
        self.newest_at = max(fill.at, self.newest_at or fill.at)

    def checkpoint(self, sequence: int, fills: int) -> Checkpoint:
        """What it comes to now, which is after so many fills, up to this row."""
        by_session = {ident: book.positions for ident, book in self.sessions.items()}
        return Checkpoint(sequence, fills, self.newest_at, self.account.positions, by_session)
