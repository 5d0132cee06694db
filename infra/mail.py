"""Sending letters: by a mail server (SMTP), or into a folder. The only file that knows `aiosmtplib`."""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from domain.letters import Letter
from infra.email_addresses import on_the_wire

SECONDS = 45.0  # for one letter, from the first byte to the last
FAREWELL = 5.0
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
_PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = 500
_LONG = 990  # characters in a line (RFC 5321 has 1000)


class NotSent(Exception):
    """A letter was not taken this time; the message names the kind of failure and nothing else."""


class Undeliverable(NotSent):
    """A letter will never be taken: its address does not exist there."""


class Mailer(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter) -> None:
        """Send a letter, or raise `NotSent`."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed over, as `STANDFIRST_MAIL_URL` says."""

    host: str
    port: int
    username: str | None
    password: str | None
    is_tls_from_the_start: bool
    has_tls: bool


def server_at(url: str) -> MailServer:
    """Return the mail server of an address, or raise `ValueError`; what the address says is never told."""
    try:
        parts = urlsplit(url)
        port, query = parts.port, dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ValueError("is no address of a mail server") from None
    if parts.scheme not in _PORTS or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("must be like smtps://USER:PASSWORD@mail.example.org, or begin with smtp://")
    if parts.path not in {"", "/"} or parts.fragment or query not in ({}, {"tls": "never"}):
        raise ValueError("may end in ?tls=never, and in nothing else")
    has_tls, is_smtps = not query, parts.scheme == "smtps"
    if not has_tls and (is_smtps or parts.username or parts.password):
        raise ValueError("must not send a password without TLS")
    name, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    if (name is None) != (password is None):
        raise ValueError("needs a user and a password, or none of the two")
    return MailServer(parts.hostname or "", port or _PORTS[parts.scheme], name, password, is_smtps, has_tls)


class Smtp:
    """Hands letters over to a mail server: with TLS whose certificate is checked, unless it was told never to."""

    def __init__(self, server: MailServer, write: Callable[[Letter], EmailMessage], sender: str) -> None:
        self._server, self._write, self._sender = server, write, sender

    async def send(self, letter: Letter) -> None:
        """Send a letter, or raise `NotSent`."""
        server, message = self._server, self._write(letter)
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._sender.rpartition("@")[2],
            timeout=SECONDS,
            use_tls=server.is_tls_from_the_start,
            start_tls=server.has_tls and not server.is_tls_from_the_start,
        )
        try:
            async with asyncio.timeout(SECONDS):
                await smtp.connect()
                await smtp.send_message(message, sender=self._sender, recipients=[on_the_wire(letter.to)])
            await self._part(smtp)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            is_final = all(one.code >= _PERMANENT for one in refused.recipients)
            raise (Undeliverable if is_final else NotSent)(type(refused).__name__) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        finally:
            smtp.close()

    @staticmethod
    async def _part(smtp: aiosmtplib.SMTP) -> None:
        """Take leave of a server that has taken a letter: whatever it answers now, the letter is sent."""
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await smtp.quit()


class Folder:
    """Keeps letters as `.eml` files that only this program's user can read."""

    def __init__(self, folder: Path, write: Callable[[Letter], EmailMessage]) -> None:
        self._folder, self._write = folder, write

    async def send(self, letter: Letter) -> None:
        """Write a letter down, whole or not at all, or raise `NotSent`."""
        try:
            await asyncio.to_thread(self._keep, letter)
        except (OSError, ValueError) as error:
            raise NotSent(type(error).__name__) from None

    def _keep(self, letter: Letter) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{letter.id}.part"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self._write(letter).as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / f"{letter.id}.eml")


def mailer(server: str, folder: Path, *, sender: str, publisher: str) -> Mailer:
    """Return what sends letters: to the server at this address, or without one into the folder."""
    sender = on_the_wire(sender)
    if server:
        return Smtp(server_at(server), writer(sender, publisher), sender)
    return Folder(
        folder, writer(sender, publisher, cte_type="8bit", max_line_length=_LONG)
    )  # that people can read


def writer(sender: str, publisher: str, **how: Any) -> Callable[[Letter], EmailMessage]:  # noqa: ANN401 - of a policy
    """Return what puts a letter into an envelope, or raises `Undeliverable` for one that fits into none."""
    host = sender.rpartition("@")[2]

    def write(letter: Letter) -> EmailMessage:
        if "=?" in letter.to:  # the library would decode it (RFC 2047), be it to a line break
            raise Undeliverable("encoded word")
        try:
            message = compose(letter)
            message.as_bytes()
        except Exception as error:  # noqa: BLE001 - the library raises of many kinds on odd addresses
            raise Undeliverable(type(error).__name__) from None
        return message

    def compose(letter: Letter) -> EmailMessage:
        to = on_the_wire(letter.to)
        policy = SMTP if to.isascii() and sender.isascii() else SMTPUTF8
        message = EmailMessage(policy=policy.clone(**how))
        message["From"] = _address(sender, publisher)
        message["To"] = _address(to)
        message["Subject"] = letter.subject
        message["Date"] = letter.created_at
        message["Message-ID"] = f"<{letter.id}@{host}>"  # so that one that comes twice is known
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
        message.set_content(letter.text)
        return message

    return write


def _address(address: str, name: str = "") -> Address:
    username, _, domain = address.rpartition("@")
    return Address(name, username, domain)
