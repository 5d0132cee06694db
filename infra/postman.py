"""The postman: sends letters beside requests, at once when one was written, and looks for others now and then."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from domain.letters import Letter
from infra import letters
from infra.db import Database, DatabaseBusy
from infra.mail import Mailer, NotSent, Undeliverable
from infra.seals import Seals

log = logging.getLogger("standfirst.letters")

LOOK_EVERY = 30.0  # seconds
GRACE = 5.0  # seconds that the letter in hand has when the program stops
PAUSE, TRIES = 1.0, 10  # to write down that a letter was sent, in seconds


class Postman:
    """Sends letters, one after another. Several processes have one each, and each letter is one's."""

    def __init__(self, database: Database, seals: Seals, mailer: Mailer, clock: Callable[[], datetime]) -> None:
        self._database, self._seals, self._mailer, self._clock = database, seals, mailer, clock
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._is_stopping = False

    async def start(self) -> None:
        """Begin, with what an earlier process has left."""
        self._is_stopping = False
        if await self._is_any_due():
            self.hurry()
        self._task = asyncio.create_task(self._work())

    def hurry(self) -> None:
        """See to it that what was just written is sent soon."""
        self._wanted.set()

    async def stop(self) -> None:
        """Finish the letter in hand, if it can be done in a moment; the others wait for the next start."""
        if self._task is None:
            return
        self._is_stopping = True
        self._wanted.set()
        await asyncio.wait([self._task], timeout=GRACE)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None

    async def _work(self) -> None:
        while not self._is_stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._send_all()
            except DatabaseBusy:
                pass  # the next look tries again
            except Exception as error:  # noqa: BLE001 - a postman who dies is not noticed
                log.error("the letters wait: %s", type(error).__name__)  # noqa: TRY400 - its text may hold one

    async def _send_all(self) -> None:
        while not self._is_stopping and await self._is_any_due():
            async with self._database.write() as connection:
                letter = await letters.take(connection, self._seals, now=self._clock())
            if letter is None:  # others have all that is due in their hands
                return
            if isinstance(letter, Letter):
                await self._send(letter)
            else:
                log.warning("%s given up", letter)

    async def _is_any_due(self) -> bool:
        async with self._database.read() as snapshot:
            return await letters.is_due(snapshot, now=self._clock())

    async def _send(self, letter: Letter) -> None:
        try:
            await self._mailer.send(letter)
        except Undeliverable as error:
            log.warning("%s given up: %s", letter.id, error)
        except NotSent as error:
            log.warning("%s not sent: %s", letter.id, error)
            return
        except Exception as error:  # noqa: BLE001 - one letter keeps no other from being sent
            log.error("%s not sent: %s", letter.id, type(error).__name__)  # noqa: TRY400 - its text may hold one
            return
        await self._put_away(letter)

    async def _put_away(self, letter: Letter) -> None:
        """Say that it is done, before it is due again: a busy database must not make us send it twice."""
        for _ in range(TRIES):
            with suppress(DatabaseBusy):
                async with self._database.write() as connection:
                    await letters.done(connection, letter.id)
                return
            await asyncio.sleep(PAUSE)
