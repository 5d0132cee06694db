"""The postman: each letter is sent once, whatever the mail server does, and none that was acknowledged is lost."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from domain.letters import Letter, Topic
from infra import letters, mail, postman
from infra.db import Database
from infra.ids import new_id
from infra.keys import generate
from infra.mail import Mailer, NotSent, Undeliverable, mailer
from infra.postman import Postman
from infra.rotation import Keys
from infra.seals import Seals
from infra.settings import Settings
from infra.tables import letters as table
from tests.contract.program import started
from tests.letters import in_folder
from tests.newsroom import Clock
from tests.smtp import MailServer, mail_server


class Office:
    """A database with letters in it, and postmen who look after them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.database = Database(settings.sqlalchemy_url)
        self.seals = Seals(Keys(settings, clock))
        self.postmen: list[Postman] = []

    async def write(self, to: str = "ada@example.org", *, topic: Topic = Topic.RESET, hours: float = 24) -> Letter:
        now = self.clock()
        letter = Letter(new_id(), topic, to, "Subject", "Secret text\n", now, now + timedelta(hours=hours))
        async with self.database.write() as connection:
            await letters.post(connection, letter, self.seals)
        return letter

    async def hire(self, mailing: Mailer | MailServer) -> Postman:
        if isinstance(mailing, MailServer):
            url = f"smtp://127.0.0.1:{mailing.port}?tls=never"
            mailing = mailer(url, Path("nowhere"), sender="us@example.org", publisher="Us")
        one = Postman(self.database, self.seals, mailing, self.clock)
        self.postmen.append(one)
        await one.start()
        return one

    async def rows(self) -> list[tuple[bool, bool, int]]:
        """Whether each letter has its content and is due some time, and how often it was tried."""
        async with self.database.read() as connection:
            found = (await connection.execute(select(table).order_by(table.c.created_at))).all()
        return [(row.content is not None, row.due_at is not None, row.attempts) for row in found]

    async def until(self, *rows: tuple[bool, bool, int]) -> None:
        for _ in range(500):
            if await self.rows() == list(rows):
                return
            await asyncio.sleep(0.01)
        assert await self.rows() == list(rows)

    async def until_gone(self) -> None:
        """However often it was tried."""
        for _ in range(500):
            if all((content, due) == GONE for content, due, _ in await self.rows()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("a letter waits")

    async def close(self) -> None:
        for one in self.postmen:
            await one.stop()
        await self.database.close()


WAITS, GONE = (True, True), (False, False)


@pytest.fixture
async def office(settings: Settings, clock: Clock) -> AsyncIterator[Office]:
    one = Office(settings, clock)
    yield one
    await one.close()


async def test_a_letter_is_sent_at_once_and_nothing_is_left_of_what_it_said(office: Office) -> None:
    async with mail_server() as server:
        one = await office.hire(server)
        await office.write()
        one.hurry()
        await office.until((*GONE, 1))
    assert [letter["To"] for letter in server.letters] == ["ada@example.org"]
    office.clock.move(minutes=61)
    await office.write("other@example.org")
    assert len(await office.rows()) == 1, "after an hour it does not count any more"


async def test_no_one_who_reads_the_database_reads_letters_or_addresses(office: Office) -> None:
    await office.write()
    async with office.database.read() as connection:
        kept = repr((await connection.execute(select(table))).all())
    assert "Secret" not in kept
    assert "ada@" not in kept
    assert "Subject" not in kept


@pytest.mark.parametrize("refusal", [{"data": ["451 later", "452 later"]}, {"rcpt": ["450 later", "421 busy"]}])
async def test_what_is_not_taken_is_tried_again_later_each_time(office: Office, refusal: dict[str, Any]) -> None:
    async with mail_server(**refusal) as server:
        await office.write()
        one = await office.hire(server)
        await office.until((*WAITS, 1))
        for attempts, minutes in ((1, 1), (2, 2)):
            await asyncio.sleep(0.05)
            one.hurry()
            await asyncio.sleep(0.05)
            assert await office.rows() == [(*WAITS, attempts)], "not before its time"
            office.clock.move(minutes=minutes)
            one.hurry()
            await office.until((*WAITS, attempts + 1) if attempts == 1 else (*GONE, 3))
    assert len(server.letters) == 1


async def test_pauses_grow_and_have_an_end(office: Office) -> None:
    await office.write(hours=2000)
    pauses = []
    for _ in range(14):
        async with office.database.write() as connection:
            now = office.clock()
            assert isinstance(await letters.take(connection, office.seals, now=now), Letter)
            due = await connection.scalar(select(table.c.due_at))
            assert due is not None
            pauses.append(round((due - now).total_seconds() / 60))
        office.clock.move(minutes=pauses[-1] + 1)
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]
    assert set(pauses[9:]) == {360}
    assert pauses[0] * 60 > mail.SECONDS, "who still sends it is not overtaken"


async def test_a_server_that_is_down_keeps_no_letter_from_coming_later(office: Office) -> None:
    async with mail_server() as server:
        pass
    await office.write()
    one = await office.hire(server)
    await office.until((*WAITS, 1))
    await one.stop()
    async with mail_server() as other:
        office.clock.move(minutes=2)
        await office.hire(other)
        await office.until((*GONE, 2))
    assert len(other.letters) == 1


@pytest.mark.parametrize("why", ["too late", "no such mailbox", "another key"])
async def test_what_is_of_no_use_is_given_up_and_told_by_its_id(
    office: Office, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    caplog.set_level(logging.INFO, "standfirst.letters")
    letter = await office.write(hours=1)
    if why == "too late":
        office.clock.move(hours=1)
    if why == "another key":
        keys = SecretStr(generate("ES256").private_pem)
        office.seals = Seals(Keys(office.settings.model_copy(update={"signing_keys": keys}), office.clock))
    async with mail_server(rcpt=["550 ada@example.org is nobody"]) as server:
        await office.hire(server)
        await office.until((*GONE, 1 if why == "no such mailbox" else 0))
        await office.close()  # who stops ends what is begun: the line in the log comes after the commit
    assert server.letters == []
    told = [record.getMessage() for record in caplog.records if record.name == "standfirst.letters"]
    assert told == [f"{letter.id} given up{': SMTPRecipientsRefused' if why == 'no such mailbox' else ''}"]


class Recorder:
    """A mailer that notes what it is given, and takes its time."""

    def __init__(self, seconds: float = 0.002) -> None:
        self.sent: list[str] = []
        self.seconds = seconds

    async def send(self, letter: Letter) -> None:
        await asyncio.sleep(self.seconds)
        self.sent.append(letter.id)


async def test_of_several_workers_one_sends_each_letter(office: Office) -> None:
    other, recorder = Office(office.settings, office.clock), Recorder()
    written = [(await office.write(f"{at}@example.org")).id for at in range(24)]
    postmen = [await one.hire(recorder) for one in (office, other) for _ in range(3)]
    for _ in range(500):
        if len(recorder.sent) >= len(written):
            break
        for one in postmen:
            one.hurry()
        await asyncio.sleep(0.01)
    await office.until(*[(*GONE, 1)] * 24)
    await other.close()
    assert Counter(recorder.sent) == Counter(written)


async def test_whoever_stops_finishes_what_is_in_hand(office: Office) -> None:
    recorder = Recorder(0.3)
    for at in range(3):
        await office.write(f"{at}@example.org")
    one = await office.hire(recorder)
    await asyncio.sleep(0.15)
    await one.stop()
    assert len(recorder.sent) == 1
    assert await office.rows() == [(*GONE, 1), (*WAITS, 0), (*WAITS, 0)]
    await office.hire(Recorder())
    await office.until(*[(*GONE, 1)] * 3)


async def test_a_mail_server_that_hangs_keeps_nobody_from_stopping(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postman, "GRACE", 0.2)
    await office.write()
    async with mail_server(seconds=30.0) as server:
        one = await office.hire(server)
        await office.until((*WAITS, 1))
        began = time.monotonic()
        await one.stop()
        assert time.monotonic() - began < 3


class Failing:
    """A mailer that breaks in ways that nobody thought of, and then works."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.sent = list(failures), 0

    async def send(self, _: Letter) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent += 1


async def test_no_failure_ends_the_postman_or_tells_a_letter(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Failing(RuntimeError("Secret text to ada@example.org"), NotSent("Kind"), Undeliverable("Kind"))
    one = await office.hire(failing)
    for at in range(4):
        await office.write(f"{at}@example.org")
    for _ in range(4):
        one.hurry()
        await asyncio.sleep(0.05)
        office.clock.move(minutes=3)
    one.hurry()
    for _ in range(300):
        if failing.sent == 3:
            break
        await asyncio.sleep(0.01)
    assert failing.sent == 3
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("standfirst"))
    assert "not sent: RuntimeError" in told
    assert "Secret" not in told
    assert "@" not in told


async def test_a_letter_outlives_a_server_that_is_killed(tmp_path: Path, clock: Clock) -> None:
    form = {"email": "ada@example.org", "password": "a long enough password", "name": "Ada"}
    async with mail_server(seconds=60.0) as mails:
        where = {
            "DATA_DIR": str(tmp_path / "data"),
            "MAIL_URL": f"smtp://127.0.0.1:{mails.port}?tls=never",
            "MAIL_FROM": "us@example.org",
        }

        def sign_up_and_kill() -> int:
            with started(tmp_path, "serve", **where) as server:
                answer = httpx.post(f"{server.url}/v1/accounts", json=form)
                server.process.kill()
                server.process.wait()
                return answer.status_code

        assert await asyncio.to_thread(sign_up_and_kill) == 202
        assert mails.letters == []
    later = Office(Settings(_env_file=None, data_dir=tmp_path / "data"), clock)
    clock.time = datetime.now(UTC) + timedelta(minutes=2)  # it was in hand when the server died
    folder = tmp_path / "mail"
    await later.hire(mailer("", folder, sender="us@example.org", publisher="Us"))
    await later.until_gone()
    await later.close()
    assert [letter["To"] for letter in in_folder(folder)] == ["ada@example.org"]
