"""Schemathesis against a real server, as everybody: all checks, every phase."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract import example_newsroom
from tests.contract.program import Server, started

pytestmark = pytest.mark.deep
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEAVING = ("delete_me", "end_session", "end_sessions")  # they end the token that the others are tried with
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the newsroom that the contract's examples are of, so that they find what they name."""
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(example_newsroom.tell(data))
    with started(tmp_path, "serve", DATA_DIR=str(data), ACCESS_TOKEN_SECONDS="7200") as server:
        yield server


def fuzzed(server: Server, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", f"--config-file={HERE / 'schemathesis.toml'}", "run"),
            *(f"{server.url}/openapi.json", "--checks=all", *arguments),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("role", ["anonymous", "subscriber", "editor", "admin"])
def test_nothing_that_schemathesis_tries_is_answered_as_the_contract_does_not_say(
    server: Server, tmp_path: Path, role: str
) -> None:
    headers, first, last = [], list[str](), list[str]()
    if role != "anonymous":
        form = {
            "grant_type": "password",
            "username": f"{role}@quay.test",
            "password": example_newsroom.PASSWORD,
        }
        token = httpx.post(f"{server.url}/v1/auth/token", data=form).json()["access_token"]
        headers = ["--header", f"Authorization: Bearer {token}"]
        first = [f"--exclude-operation-id={name}" for name in LEAVING]
        last = [f"--include-operation-id={name}" for name in LEAVING]
    if role == "admin":  # what else there is, an editor has tried
        first, last = ["--include-path-regex=^/v1/admin/"], []
    done = fuzzed(server, tmp_path, *headers, *first)
    assert done.returncode == 0, done.stdout + done.stderr
    if last:
        left = fuzzed(server, tmp_path, *headers, *last)
        assert left.returncode == 0, left.stdout + left.stderr
    for phase in PHASES:
        assert re.search(rf"✅\s+{phase}", done.stdout), done.stdout
    assert "Traceback" not in server.told
    assert " 500 " not in server.told
