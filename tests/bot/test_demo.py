"""What the demo prints can be typed as it stands."""

import subprocess
from pathlib import Path

from bot.demo import shell_hint


def test_the_hint_works_as_printed(tmp_path: Path) -> None:
    """From any folder, with a space in the path and without the command on the PATH."""
    folder = tmp_path / "my desk"
    folder.mkdir()
    (folder / "demo.env").write_text("PEAK_OPS_NONSENSE=1\n")

    ran = subprocess.run(
        ["/bin/sh", "-c", shell_hint(folder / "demo.env")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 2
    assert "PEAK_OPS_NONSENSE" in ran.stderr
