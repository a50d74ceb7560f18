"""Every picture anew: all of them into var/pictures, and the two of the documentation into docs/pictures.

They are taken of a practice desk and in a headless Chromium, so that they stay true.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.pictures.album import Album, open_album
from tests.pictures.asking import answer, come_too_late, drill
from tests.pictures.changing import change
from tests.pictures.halting import halt, halt_without_answer
from tests.pictures.kinds import PICTURES
from tests.pictures.looking import look_around, look_at_trouble
from tests.pictures.rare import draw, report
from tests.pictures.trading import trade
from tests.scenarios.desk import open_desk

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "pictures"
# One person may ask five times an hour, hence two desks; what needs one without a halt comes before it.
CALM = (drill, change)
PARTS = (look_around, answer, trade, halt, look_at_trouble, report, draw, halt_without_answer)
DOCUMENTED = {"request-pending": "approval-card.png", "halt-proven": "halt-card.png"}


def walk(album: Album, home: Path) -> None:
    """Three desks: a calm one, one on which everything happens, one in a hurry."""
    for name, parts in (("calm", CALM), ("desk", PARTS)):
        with open_desk(home / name, watched=False, cooldown_s=0) as desk:
            album.url = desk.practice.workspace_url
            for part in parts:
                part(desk, album)
    with open_desk(home / "hurry", watched=False, policy_changes=hurried) as desk:
        album.url = desk.practice.workspace_url
        come_too_late(desk, album)


def hurried(policy: str) -> str:
    """Rules by which a request waits for seconds only."""
    return re.sub(r"(expires_s|grant_s) = \d+", r"\1 = 4", policy)


def main() -> None:
    """Take them; ends with 1 when one of the list is missing."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as home, open_album(FOLDER) as album:
        try:
            walk(album, Path(home))
        finally:
            index = album.index()
    if missing := sorted(PICTURES.keys() - album.taken):
        sys.exit(f"Not taken: {', '.join(missing)}")
    for name, documented in DOCUMENTED.items():
        shutil.copy(FOLDER / f"{name}.wide-light.png", ROOT / "docs" / "pictures" / documented)
    sys.stdout.write(f"{len(album.taken)} pictures, each in four looks: {index}\n")


if __name__ == "__main__":
    main()
