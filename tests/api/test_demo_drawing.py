import subprocess
import sys
from pathlib import Path

import pyvips

from api.demo.draw import IMAGES


def test_the_script_draws_the_committed_pictures(tmp_path: Path) -> None:
    # In a process of its own: this one forbids libvips to read SVG, which uploads must never be.
    folder = tmp_path / "images"
    subprocess.run([sys.executable, "-m", "api.demo.draw", str(folder)], check=True)
    names = {path.name for path in IMAGES.iterdir()}
    assert {path.name for path in folder.iterdir()} == names
    for name in names:
        drawn, kept = (pyvips.Image.new_from_file(str(where / name)) for where in (folder, IMAGES))
        assert (drawn.width, drawn.height) == (kept.width, kept.height)
        assert abs(drawn.avg() - kept.avg()) < 2
