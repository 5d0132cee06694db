"""`Idempotency-Key`: a request that is sent again is answered again, and not done again.

It follows draft-ietf-httpapi-idempotency-key-header. A key belongs to the account that sends it; nobody's is
looked at.
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request, Response

from domain.errors import BadRequest
from domain.people import Person
from infra import idempotency
from infra.db import Connection, Database, DatabaseBusy
from infra.ids import Sources
from infra.seals import Seals

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_LENGTH = 255
_WITHOUT_KEY = ("/v1/auth/", "/v1/accounts")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # a string of RFC 9651, section 3.3.3
_KEY = re.compile(rf"[!-~](?:[ -~]{{0,{MAX_LENGTH - 2}}}[!-~])?")


class Replayed(Exception):
    """The request was done before; this is what it was answered."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(slots=True)
class Attempt:
    """A request that has a key. It is claimed once its content is known, and given back if nothing comes of it."""

    database: Database
    sources: Sources
    seals: Seals
    account_id: str
    key: str
    target: tuple[bytes, ...]
    claimed: idempotency.Claim | None = None
    is_kept: bool = False

    async def claim(self, *content: bytes) -> None:
        """Begin, or raise what was answered before; `content` is whatever makes this request what it is."""
        wanted = idempotency.Claim(self.account_id, self.key, self.sources.new_id())
        digest, *before = self.seals.marks(*self.target, *content)
        async with self.database.write() as connection:
            found = await idempotency.claim(
                connection, wanted, digest=digest, or_digests=before, now=self.sources.now()
            )
        if isinstance(found, idempotency.Answer):
            raise Replayed(_replay(found))
        self.claimed = found

    async def proceed(self, connection: Connection, done: str) -> None:
        """Write down what of many has been done, in the transaction that does it."""
        await idempotency.proceed(connection, self._mine, done, now=self.sources.now())

    async def keep(self, connection: Connection, response: Response, *, is_secret: bool) -> None:
        """Keep the answer in the transaction of what it tells."""
        await idempotency.keep(connection, self._mine, _kept(response, is_secret=is_secret))
        self.is_kept = True

    async def release(self) -> None:
        """Give the key back. Where the database cannot be had, the end of the lease does."""
        if self.claimed is None:
            return
        with suppress(DatabaseBusy):
            async with self.database.write() as connection:
                await idempotency.release(connection, self.claimed, now=self.sources.now())

    @property
    def _mine(self) -> idempotency.Claim:
        if self.claimed is None:
            raise RuntimeError("this operation reads its own body, and has to claim the key when it knows it")
        return self.claimed


def takes_key(method: str, path: str) -> bool:
    """Whether an operation of the contract takes a key.

    Those that are for people without an account take none: a key belongs to an account.
    """
    return method.upper() == "POST" and path.startswith("/v1/") and not path.startswith(_WITHOUT_KEY)


def attempt_at(
    request: Request, path: str, person: Person, *, database: Database, sources: Sources, seals: Seals
) -> Attempt | None:
    """Return the attempt that a request is, if it has a key that counts; `path` is its operation's.

    It is another request when the caller's roles are others: what was answered then may not be for them now.
    """
    account_id = person.account_id
    if account_id is None or not takes_key(request.method, path):
        return None
    key = key_in(request.headers.getlist(HEADER))
    if key is None:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    target = (request.method, request.url.path, request.url.query, kind, " ".join(sorted(person.roles)))
    return Attempt(database, sources, seals, account_id, key, tuple(part.encode() for part in target))


def key_in(given: list[str]) -> str | None:
    """Return the key: bare, or as the quoted string that the draft asks for; both are the same key."""
    if not given:
        return None
    sent = given[0].strip(" \t")
    key = re.sub(r"\\(.)", r"\1", sent[1:-1]) if _QUOTED.fullmatch(sent) else sent
    if len(given) > 1 or not _KEY.fullmatch(key) or (key == sent and sent.startswith('"')):
        raise BadRequest(
            f"Send it once, with 1 to {MAX_LENGTH} printable ASCII characters, in quotes or without.",
            parameter=HEADER,
        )
    return key


def _kept(response: Response, *, is_secret: bool) -> idempotency.Answer:
    if is_secret:
        return idempotency.Answer(response.status_code, None, None)
    headers = tuple((name, value) for name, value in response.headers.items() if name != "content-length")
    return idempotency.Answer(response.status_code, headers, bytes(response.body))


def _replay(answer: idempotency.Answer) -> Response:
    response = Response(answer.body, answer.status)
    for name, value in answer.headers or ():
        response.headers.append(name, value)
    response.headers[REPLAYED] = "true"
    return response
