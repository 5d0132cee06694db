"""The Python client: its generator in an environment of its own, because it wants other versions than we do.

`generator.txt` is made by `printf openapi-python-client | uv pip compile --universal --no-header --no-annotate
--generate-hashes - -o tests/clients/generator.txt`.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import uv

from tests.clients.node import HERE

ROOT = HERE.parents[1]
PROGRAM = HERE / "editor.py"
_FOLDER = HERE / ".generator"
_LOCK = HERE / "generator.txt"
_INSTALLED = _FOLDER / ".installed"


def install() -> None:
    """Make the generator's environment unless it is what the lock says; of several who want it one makes it."""
    with (HERE / ".installing").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (_INSTALLED.exists() and _INSTALLED.read_bytes() == _LOCK.read_bytes()):
            here = ("--python", str(_FOLDER / "bin" / "python"))
            _run(uv.find_uv_bin(), "venv", "--clear", "--quiet", "--python", sys.executable, str(_FOLDER))
            _run(uv.find_uv_bin(), "pip", "install", "--quiet", "--require-hashes", *here, "-r", str(_LOCK))
            _INSTALLED.write_bytes(_LOCK.read_bytes())


def generate(folder: Path) -> str:
    """Write the client into a folder, by the command of docs/clients.md, and return what the generator told."""
    install()
    return _run(
        "openapi-python-client",
        "generate",
        f"--path={ROOT / 'openapi' / 'openapi.json'}",
        f"--config={ROOT / 'openapi' / 'python-client.yaml'}",
        "--meta=none",
        f"--output-path={folder / 'standfirst_client'}",
    )


def check(folder: Path) -> str:
    """Check the types of the program that uses the client."""
    more = ("--strict", "--follow-imports=silent", "--no-incremental", f"--cache-dir={folder / 'mypy'}")
    path = {"MYPYPATH": str(folder)}
    return _run(sys.executable, "-m", "mypy", "--config-file=", *more, str(PROGRAM), **path)


def run(folder: Path, *arguments: str) -> str:
    """Run the program with the client that stands in a folder, and return what it prints."""
    return _run(str(_FOLDER / "bin" / "python"), str(PROGRAM), *arguments, PYTHONPATH=str(folder))


def _run(*command: str, **variables: str) -> str:
    path = os.pathsep.join((str(_FOLDER / "bin"), os.environ.get("PATH", "")))
    done = subprocess.run(
        command,
        cwd=HERE,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
