"""Sending a letter: over real sockets to a mail server, and into the folder."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from domain.letters import Letter, Topic
from infra import mail
from infra.email_addresses import checked
from infra.mail import Mailer, NotSent, Undeliverable, mailer
from tests.certificates import certified
from tests.letters import in_folder
from tests.smtp import mail_server

AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LINK = "https://www.test/account/confirm#" + "Aa-_" * 150
LETTER = Letter("019c", Topic.RESET, "ada@example.org", "Öffnen", f"Hello,\n\n{LINK}\n\nÜber alles.\n", AT, AT)


def by(url: str, folder: Path = Path("nowhere")) -> Mailer:
    return mailer(url, folder, sender="readers@bücher.example", publisher='La "Gazette", des Amers')


def plain(port: int) -> Mailer:
    return by(f"smtp://127.0.0.1:{port}?tls=never")


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        await plain(server.port).send(LETTER)
    (letter,) = server.letters
    assert server.recipients == ["RCPT TO:<ada@example.org>"]
    assert letter["From"].addresses[0].display_name == 'La "Gazette", des Amers'
    assert letter["From"].addresses[0].addr_spec == "readers@xn--bcher-kva.example"
    assert (letter["To"], letter["Subject"], letter["Date"].datetime) == ("ada@example.org", "Öffnen", AT)
    assert letter["Message-ID"] == "<019c@xn--bcher-kva.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize(
    ("to", "recipient"),
    [("ada@bücher.example", "ada@xn--bcher-kva.example"), ("жанна@почта.example", "жанна@почта.example")],
)
async def test_addresses_in_every_script_are_written_to(to: str, recipient: str) -> None:
    async with mail_server() as server:
        await plain(server.port).send(replace(LETTER, to=to))
    assert server.recipients == [f"RCPT TO:<{recipient}>"]
    assert server.letters[0]["To"] == recipient


async def test_a_server_that_knows_only_ascii_is_no_end_of_us() -> None:
    async with mail_server(extensions=("8BITMIME",)) as server:
        with pytest.raises(NotSent, match="SMTPNotSupported"):
            await plain(server.port).send(replace(LETTER, to="жанна@почта.example"))
    assert server.letters == []


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        ({"rcpt": ["550 no such mailbox"]}, Undeliverable),
        ({"rcpt": ["450 try later"]}, NotSent),
        ({"data": ["451 try later"]}, NotSent),
        ({"data": ["554 we think that is spam"]}, NotSent),
        ({"seconds": 2.0}, NotSent),
    ],
)
async def test_each_failure_is_told_by_its_kind_alone(
    monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], failure: type[NotSent]
) -> None:
    monkeypatch.setattr(mail, "SECONDS", 0.5)
    async with mail_server(**how) as server:
        with pytest.raises(NotSent) as told:
            await plain(server.port).send(LETTER)
    assert type(told.value) is failure
    assert str(told.value).isidentifier(), "neither an address nor what the server said"
    assert server.letters == []


async def test_a_server_that_is_down_or_says_nothing_is_left() -> None:
    async with mail_server() as server:
        port = server.port
    with pytest.raises(NotSent):
        await plain(port).send(LETTER)
    with pytest.raises(NotSent):
        await by("smtp://nowhere.invalid").send(LETTER)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certified(tmp_path_factory.mktemp("tls"))


async def test_a_password_and_letters_go_through_tls_to_whom_the_certificate_is_for(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = tls
    for is_trusted in (False, True):
        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        for scheme, how in (("smtp", {"tls": context}), ("smtps", {"from_the_start": context})):
            async with mail_server(**how, extensions=("AUTH PLAIN",)) as server:
                sending = by(f"{scheme}://post%40man:p%3Ass@127.0.0.1:{server.port}").send(LETTER)
                if is_trusted:
                    await sending
                    assert len(server.letters) == 1
                    assert any(one.startswith("AUTH PLAIN") for one in server.commands)
                else:
                    with pytest.raises(NotSent):
                        await sending
                    assert not any("AUTH" in one or "MAIL" in one for one in server.commands)


async def test_a_server_without_tls_gets_neither_password_nor_letter() -> None:
    """Nobody in between takes the offer of TLS away and reads what follows."""
    async with mail_server(extensions=("AUTH PLAIN",)) as server:
        with pytest.raises(NotSent):
            await by(f"smtp://postman:secret@127.0.0.1:{server.port}").send(LETTER)
        with pytest.raises(NotSent):
            await by(f"smtp://127.0.0.1:{server.port}").send(LETTER)
    assert server.letters == []
    assert not any("AUTH" in one or "MAIL" in one for one in server.commands)


@pytest.mark.parametrize("at", ["to", "subject"])
@pytest.mark.parametrize("breaking", ["\n", "\r\n", "\r"])
async def test_no_line_break_makes_a_header_of_its_own(tmp_path: Path, at: str, breaking: str) -> None:
    spoiled = f"ada@example.org{breaking}Bcc: all@example.org"
    letter = replace(LETTER, to=spoiled) if at == "to" else replace(LETTER, subject=spoiled)
    async with mail_server() as server:
        for way in (plain(server.port), by("", tmp_path)):
            with pytest.raises(NotSent):
                await way.send(letter)
    assert server.letters == []
    assert not any("all@" in one for one in server.commands)
    assert in_folder(tmp_path) == []


ENCODED = [
    "=?utf-8?q?a=0d=0abcc=3a=20evil=40evil.org=0d=0ax=3a?=@x.org",
    "=?utf-8?q?a=0d=0a=0d=0aBuy_at_https=3a//spam.io?=@catchall.org",
    "=?utf-8?q?victim=40evil.com=2C?=@x.org",
    "=?utf-8?q?=3c_?=?=@x.org",
    "=?utf-8?b?/w==?=@x.org",
]


@pytest.mark.parametrize("address", ENCODED)
async def test_an_encoded_word_is_no_address_and_makes_no_header(tmp_path: Path, address: str) -> None:
    """The standard library reads it as what it encodes: a line break, a header, a body of somebody's own."""
    with pytest.raises(ValueError, match="e-mail address"):
        checked(address)
    with pytest.raises(Undeliverable):  # and if one came here all the same
        await by("", tmp_path).send(replace(LETTER, to=address))
    async with mail_server() as server:
        with pytest.raises(Undeliverable):
            await plain(server.port).send(replace(LETTER, to=address))
    assert not in_folder(tmp_path)
    assert not server.letters


async def test_a_letter_that_was_taken_is_sent_whatever_comes_of_the_farewell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "FAREWELL", 0.2)
    async with mail_server(hangs_at="QUIT") as server:
        await plain(server.port).send(LETTER)
    assert len(server.letters) == 1


async def test_letters_in_the_folder_are_for_us_alone_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    await by("", folder).send(LETTER)
    await by("", folder).send(LETTER)  # after a crash it may come twice, and is one
    (path,) = folder.iterdir()
    assert path.name == "019c.eml"
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert LINK in path.read_text(), "people can read it and copy the link"
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSent):
        await by("", tmp_path / "file").send(LETTER)
