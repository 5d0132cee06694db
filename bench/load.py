"""The client of the measurements: it keeps some connections busy from one process, on a processor of its own.

Each connection waits for its answer before it asks again. What has another status than was expected ends it all.
"""

import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a round: answers a second, and how many seconds each took, the shortest first."""

    per_second: float
    times: Sequence[float]

    def percentile(self, share: float) -> float:
        """Return how long this share of the answers took at most, in milliseconds."""
        return 1000 * self.times[min(len(self.times) - 1, int(len(self.times) * share))]


@dataclass(slots=True)
class Connection:
    """A connection: the question that is asked over it, and what has come of the answer."""

    socket: socket.socket
    asked_at: float = 0.0
    had: bytes = field(default=b"")
    wanted: int = 0

    def ask(self, question: bytes) -> None:
        """Send a question."""
        self.had, self.wanted, self.asked_at = b"", 0, perf_counter()
        self.socket.sendall(question)

    def is_answered(self) -> bool:
        """Take what has come, and tell whether that is all."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("The server hung up.")
        self.had = self.had + part if self.had else part
        if not self.wanted:
            head, found, _ = self.had.partition(_END)
            if not found:
                return False
            self.wanted = len(head) + len(_END) + _length(head.lower())
        return len(self.had) >= self.wanted


def _length(head: bytes) -> int:
    _, found, rest = head.partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0]) if found else 0


def drive(
    port: int, questions: Sequence[bytes], *, seconds: float, status: int = 200, connections: int = 16
) -> Load:
    """Ask the questions in turn for so long, each of them once at least, and return what came of it."""
    selector, times, asked = selectors.DefaultSelector(), list[float](), 0
    opened = [Connection(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    expected, began = str(status).encode(), perf_counter()
    for connection in opened:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.ask(questions[asked % len(questions)])
        asked += 1
    while perf_counter() - began < seconds or asked < len(questions):
        for key, _ in selector.select(1):
            connection = key.data
            if not connection.is_answered():
                continue
            if connection.had[9:12] != expected:
                raise RuntimeError(f"There was another answer than {status}: {connection.had[:200]!r}")
            times.append(perf_counter() - connection.asked_at)
            connection.ask(questions[asked % len(questions)])
            asked += 1
    took = perf_counter() - began
    for connection in opened:
        connection.socket.close()
    return Load(len(times) / took, sorted(times))


def question(path: str, **headers: str) -> bytes:
    """Return a request as bytes; underscores in the names of headers stand for hyphens."""
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}\r\n".encode()
