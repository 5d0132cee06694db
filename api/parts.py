"""What the program is put together from, once a process; and what one request knows of its caller."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from fastapi import Response

from api.idempotency import Attempt
from domain.events import Event
from domain.limits import Limits
from domain.people import Person
from infra import events
from infra.darkroom import Darkroom
from infra.db import Connection, Database
from infra.ids import Sources
from infra.issuers import Issuers
from infra.limits import Tally
from infra.mail import mailer
from infra.moments import Announcer
from infra.passwords import Passwords
from infra.postman import Postman
from infra.rotation import Keys
from infra.seals import Seals
from infra.settings import Settings
from infra.storage import Storage
from infra.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything with a life of its own."""

    settings: Settings
    sources: Sources
    database: Database
    keys: Keys
    tokens: Tokens
    issuers: Issuers
    seals: Seals
    passwords: Passwords
    storage: Storage
    darkroom: Darkroom
    announcer: Announcer
    postman: Postman
    limits: Limits
    tally: Tally


def assemble(settings: Settings, sources: Sources) -> Parts:
    """Put the parts together. It makes the signing keys if there are none, and opens no connection."""
    keys, database = Keys(settings, sources.now), Database(settings.sqlalchemy_url)
    seals = Seals(keys)
    sending = mailer(
        settings.mail_url.get_secret_value(),
        settings.mail_dir,
        sender=settings.mail_from,
        publisher=settings.publisher_name,
    )
    return Parts(
        settings=settings,
        sources=sources,
        database=database,
        keys=keys,
        tokens=Tokens(keys, issuer=settings.base_url, audience=settings.token_audience),
        issuers=Issuers((one.trusted for one in settings.issuers), sources.now),
        seals=seals,
        passwords=Passwords(),
        storage=Storage(settings.media_dir),
        darkroom=Darkroom(max_pixels=settings.max_pixels, widths=settings.renditions, new_key=sources.new_key),
        announcer=Announcer(database, sources.now),
        postman=Postman(database, seals, sending, sources.now),
        limits=settings.limits,
        tally=Tally(settings.rate_limit_store.get_secret_value(), sources.now),
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks, when (one moment for all of it), from where, and the snapshot that it reads.

    `snapshot` is there for reads only. A write opens its own transaction, so that it is committed, or has
    failed, before the answer is sent. `attempt` is there when the request may be sent again. `check` refuses who
    has lost their right since the request began; there is none for reads, which begin and end at one moment.
    """

    parts: Parts
    person: Person
    now: datetime
    address: str | None
    snapshot: Connection | None
    attempt: Attempt | None = None
    check: Callable[[Connection], Awaitable[None]] | None = None

    @property
    def reading(self) -> Connection:
        """The snapshot that this request reads from."""
        if self.snapshot is None:
            raise RuntimeError("this operation writes; it reads in its own transaction")
        return self.snapshot

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """Open the transaction of this request."""
        try:
            async with self.parts.database.write() as connection:
                await self._check(connection)
                yield connection
        except BaseException:
            if self.attempt:
                self.attempt.is_kept = False  # it was written, and is undone
            raise

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Connection]:
        """Open a snapshot for what a request that writes has to know before it does."""
        async with self.parts.database.read() as snapshot:
            await self._check(snapshot)
            yield snapshot

    async def _check(self, connection: Connection) -> None:
        if self.check:
            await self.check(connection)

    async def claim(self, *content: bytes) -> None:
        """Claim the request's key, if it has one, in an operation that reads its own body; `content` is that."""
        if self.attempt:
            await self.attempt.claim(*content)

    async def answer(self, connection: Connection, response: Response, *, keep: bool = True) -> Response:
        """Return the answer to a `POST`, kept in the transaction of what it tells if the request has a key.

        One that shows a secret is not to be kept: a replay then says only that it was done.
        """
        if self.attempt:
            await self.attempt.keep(connection, response, is_secret=not keep)
        return response

    @property
    def progress(self) -> str:
        """What earlier attempts at this request have done of many."""
        return self.attempt.claimed.progress if self.attempt and self.attempt.claimed else ""

    async def proceed(self, connection: Connection, done: str) -> None:
        """Write down what of many has been done, in the transaction that does it, if the request has a key."""
        if self.attempt:
            await self.attempt.proceed(connection, done)

    async def record(self, connection: Connection, event: Event, *, note: str | None = None) -> None:
        """Write an event into the transaction of its change; what is said with it stands apart."""
        event_id = self.parts.sources.new_id()
        await events.record(connection, event, event_id=event_id, from_address=self.address, note=note)
