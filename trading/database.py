"""What trading asks of a database; who opens it is not its business."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy.orm import Session


class Database(Protocol):
    """Gives sessions: one that may write and holds the write lock, one that only reads."""

    def transaction(self) -> AbstractContextManager[Session]:
        """Commit at the end of the block, roll back when it raises."""

    def reading(self) -> AbstractContextManager[Session]:
        """See one moment; nothing can be written."""
