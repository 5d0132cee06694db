"""The `standfirst` command: in this process where that is enough, and as one of its own where it is not."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.cli import main

COMMAND = Path(sys.executable).parent / "standfirst"
PASSWORD = "long-enough-for-anybody"


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


UNLIMITED = ("READS_A_MINUTE", "SEARCHES_A_MINUTE", "WRITES_A_MINUTE", "SIGN_INS_A_MINUTE", "WRONG_PASSWORDS")


def environment(**variables: str) -> dict[str, str]:
    """What a command is told; unless something else is said, that nothing is limited."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STANDFIRST_")}
    told = {**dict.fromkeys(UNLIMITED, "0"), **variables}
    return {**kept, **{f"STANDFIRST_{name}": value for name, value in told.items()}}


def run(monkeypatch: pytest.MonkeyPatch, *args: str, typed: str = "") -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["standfirst", *args])
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def printed(self) -> str:
        return (self.folder / "printed").read_text()

    @property
    def told(self) -> str:
        """What it wrote to standard error."""
        return (self.folder / "told").read_text()

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the server does not answer: {self.told}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def started(folder: Path, *args: str, **variables: str) -> Iterator[Server]:
    """Start `standfirst` with these arguments in a folder and wait until it answers."""
    port = free_port()
    with (folder / "printed").open("wb") as printed, (folder / "told").open("wb") as told:
        process = subprocess.Popen(
            [COMMAND, *args, "--port", str(port)],
            cwd=folder,
            env=environment(**variables),
            stdout=printed,
            stderr=told,
        )
        server = Server(process, port, folder)
        try:
            server.wait()
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def sign_in(server: Server, email: str) -> dict[str, str]:
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    response = httpx.post(f"{server.url}/v1/auth/token", data=form)
    return {"Authorization": f"Bearer {response.json()['access_token']}"}
