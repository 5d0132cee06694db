"""A small mail server of the tests' own, over real sockets: it takes letters, refuses them, or is slow."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any


@dataclass
class MailServer:
    """What came, and what it is to answer next to a recipient (`rcpt`) and to a letter (`data`)."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    seconds: float = 0.0
    hangs_at: str = ""
    extensions: tuple[str, ...] = ("SMTPUTF8", "8BITMIME")
    tls: ssl.SSLContext | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        await asyncio.sleep(self.seconds)
        await say("220 mail.test ESMTP")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            verb = line.upper().partition(" ")[0]
            await asyncio.sleep(2 if verb == self.hangs_at else 0)
            if verb == "EHLO":
                offered = [*self.extensions, *(["STARTTLS"] if self.tls else [])]
                names = ["mail.test", *offered]
                await say(*(f"250{' ' if at == len(names) - 1 else '-'}{name}" for at, name in enumerate(names)))
            elif verb == "STARTTLS" and self.tls:
                await say("220 go on")
                await writer.start_tls(self.tls)
                self.tls = None
            elif verb == "AUTH":
                await say("235 welcome")
            elif verb == "RCPT":
                await say(self.rcpt.pop(0) if self.rcpt else "250 fine")
                self.recipients.append(line)
            elif verb == "DATA":
                await say("354 go on")
                letter = await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self.seconds)
                answer = self.data.pop(0) if self.data else "250 taken"
                if answer.startswith("2"):
                    self._keep(letter)
                await say(answer)
            elif verb == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 fine")

    def _keep(self, letter: bytes) -> None:
        found = message_from_bytes(letter.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."), policy=default)
        assert isinstance(found, EmailMessage)
        self.letters.append(found)


@asynccontextmanager
async def mail_server(*, from_the_start: ssl.SSLContext | None = None, **how: Any) -> AsyncIterator[MailServer]:
    """Start a mail server on a port of its own."""
    one = MailServer(**how)
    one.rcpt, one.data = [*one.rcpt], [*one.data]
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0, ssl=from_the_start)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
