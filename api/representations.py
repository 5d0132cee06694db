"""The representation cache: answers to readers as bytes, given again while nothing that readers see has changed.

It stands in front of everything and decides nothing: it replays what the long way answered to the same address,
in the same coding, to a caller with the same rights, for as long as the lease says that no change was committed
and no moment of change has come. Anything else takes the long way.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import CLAIM, LONGEST, NOW, VARY, Claim, Rights, matches, preferred_coding
from api.parts import Parts
from infra.lease import Count, Standing

access = logging.getLogger("standfirst.access")

MAX_CALLERS = 10_000
MAX_TOKEN, MAX_FIELD = 2_048, 200
TOLD_EVERY = 1.0  # seconds
OVERHEAD, OF_A_FIELD = 2_000, 150  # bytes that an answer, and a field of its head, take besides what they say
_OF_A_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})

Address = tuple[bytes, bytes, str, bytes]  # the path, the query, the coding, the origin
Key = tuple[Address, Rights | None]


class Asked(NamedTuple):
    """What of a request decides about its answer."""

    address: Address
    token: bytes | None
    none_match: bytes | None

    def is_long(self) -> bool:
        """Whether so much is said that it is not worth keeping."""
        return len(self.address[-1]) > MAX_FIELD or (self.token is not None and len(self.token) > MAX_TOKEN)


@dataclass(frozen=True, slots=True)
class Caller:
    """What the bearer of a token may read; or who comes without one, for whom it always stands."""

    rights: Rights | None
    count: Count
    until: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """What is sent, and how it is told of: by the route's template and the status."""

    head: Message
    body: Message
    told: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, ready to be sent again: whole, or to say that the caller has it."""

    count: Count
    until: datetime | None
    next_public: datetime | None
    tag: bytes
    whole: Given
    unchanged: Given
    size: int

    def for_whom(self, none_match: bytes | None) -> Given:
        """Return what goes to a caller who has this already (RFC 9110, section 13.1.2), or has not."""
        if none_match is None:
            return self.whole
        has_it = none_match == self.tag or matches(none_match.decode("latin-1"), self.tag.decode())
        return self.unchanged if has_it else self.whole


class Shelf(LRUCache[Any, Any]):
    """What was used last. One look for something, where `get` takes two."""

    def __missing__(self, key: object) -> None:
        """Return nothing for what is not there."""


class Again(Response):
    """An answer that is given again behind the long way's first steps."""

    def __init__(self, kept: Kept, asked: Asked) -> None:
        super().__init__()
        self._given = kept.for_whom(asked.none_match)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it. What is kept may not be written into; what CORS says is said again by whom it comes from."""
        head = self._given.head
        fields = [(name, _VARY if name == b"vary" else value) for name, value in head["headers"]]
        await send({**head, "headers": fields})
        await send(self._given.body)


_ANYBODY = Caller(None, Count(None, 0), datetime.max.replace(tzinfo=UTC))
_VARY = VARY.encode()
_NOTHING: Message = {"type": "http.response.body", "body": b""}


class Representations:
    """Keeps answers and gives them again, in front of an application."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        self._lease, self._announcer, self._now = parts.database.lease, parts.announcer, parts.sources.now
        self._kept = Shelf(parts.settings.cache_bytes, getsizeof=lambda kept: kept.size)
        self._callers = Shelf(MAX_CALLERS)
        self._making: dict[Key, asyncio.Future[None]] = {}
        self._forgotten = 0
        self._given: defaultdict[tuple[str, int], int] = defaultdict(int)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, from what is kept if that is true.

        All of this is done for each answer that is given again: a call more or less is felt here.
        """
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        fields: dict[bytes, bytes] = dict(scope["headers"])
        codings, token = fields.get(b"accept-encoding", b""), fields.get(b"authorization")
        is_usual = len(fields) == len(scope["headers"]) and len(codings) <= MAX_FIELD
        standing, now = self._lease.look(), self._now()
        if standing is None or not is_usual or not standing.is_true_at(now):
            await self._answer_alone(standing, now, scope, receive, send)
            return
        address = (scope["raw_path"], scope["query_string"], _coding(codings), fields.get(b"origin", b""))
        caller = _ANYBODY if token is None else self._caller(token, standing, now)
        kept = self._find((address, caller.rights), standing, now) if caller is not None else None
        none_match = fields.get(b"if-none-match")
        if kept is None:
            asked = Asked(address, token, none_match)
            await self._take_the_long_way(asked, caller, standing, now, scope, receive, send)
            return
        given = kept.for_whom(none_match)
        self._count(given)
        await send(given.head)
        await send(given.body)

    async def _answer_alone(
        self, standing: Standing | None, now: datetime, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Take the long way where nothing may be kept."""
        if standing is not None and standing.is_due(now):
            self._announcer.hurry()  # once the moment that has come is announced, answers can be kept again
        scope[NOW] = now
        await self.app(scope, receive, send)

    async def _take_the_long_way(
        self,
        asked: Asked,
        caller: Caller | None,
        standing: Standing,
        now: datetime,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer what is not kept, for a caller whom we may not know yet."""
        scope[NOW] = now
        if asked.is_long():
            await self.app(scope, receive, send)
        elif caller is None:
            await self._answer(asked, standing, scope, receive, send)
        else:
            await self._answer_once((asked.address, caller.rights), asked, standing, scope, receive, send)

    def _caller(self, token: bytes, standing: Standing, now: datetime) -> Caller | None:
        """Return who has sent this token before, if that still stands."""
        caller: Caller | None = self._callers[token]
        if caller is None or caller.count != standing.rights or now >= caller.until:
            return None
        return caller

    def _find(self, key: Key, standing: Standing, now: datetime) -> Kept | None:
        """Return what is kept, if it is true where the database stands."""
        kept: Kept | None = self._kept[key]
        if kept is None or kept.count != standing.public:
            return None
        if kept.next_public != standing.next_public and _is_near(standing.next_public, now):
            return None  # it was made before that was planned, and would tell shared caches to keep it too long
        return kept if kept.until is None or now < kept.until else None

    async def _answer_once(
        self, key: Key, asked: Asked, standing: Standing, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Take the long way, unless somebody is on it with the same question: then wait for what they get."""
        if making := self._making.get(key):
            await asyncio.wait([making])
            await self._after(key, asked, standing.rights, scope, receive, send)
            return
        made = self._making[key] = asyncio.get_running_loop().create_future()

        def let_go() -> None:
            if not made.done():
                made.set_result(None)
            if self._making.get(key) is made:
                del self._making[key]

        try:
            await self._answer(asked, standing, scope, receive, send, let_go)
        finally:
            let_go()

    async def _after(
        self, key: Key, asked: Asked, rights: Count, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Give what another request has got meanwhile, or take the long way too: nobody waits twice."""
        standing, now = self._lease.look(), self._now()
        if standing is None or not standing.is_true_at(now) or standing.rights != rights:
            await self._answer_alone(standing, now, scope, receive, send)
            return
        kept = self._find(key, standing, now)
        if kept is None:
            scope[NOW] = now
            await self._answer(asked, standing, scope, receive, send)
            return
        given = kept.for_whom(asked.none_match)
        self._count(given)
        await send(given.head)
        await send(given.body)

    async def _answer(
        self,
        asked: Asked,
        standing: Standing,
        scope: Scope,
        receive: Receive,
        send: Send,
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the long way, and keep what comes of it if that is allowed."""
        now, forgotten = scope[NOW], self._forgotten
        claim = scope[CLAIM] = Claim(
            find=lambda rights: self._given_to(rights, asked, standing, now), let_go=let_go
        )
        sent: list[Message] = []

        async def send_and_keep(message: Message) -> None:
            if claim.is_kept:
                sent.append(message)
            await send(message)

        await self.app(scope, receive, send_and_keep)
        if forgotten != self._forgotten:
            return
        if asked.token is not None and claim.rights is not None and claim.rights_until is not None:
            self._callers[asked.token] = Caller(claim.rights, standing.rights, claim.rights_until)
        if _is_whole(sent) and (asked.token is None) == (claim.rights is None):
            template = scope["standfirst"]["template"]
            kept = _kept(claim, standing, template, *sent, address=sum(map(len, asked.address)))
            self._keep((asked.address, claim.rights), kept)

    def _given_to(self, rights: Rights, asked: Asked, standing: Standing, now: datetime) -> Response | None:
        """Return what is kept for somebody whom a token was unknown of so far."""
        kept = self._find((asked.address, rights), standing, now)
        return Again(kept, asked) if kept else None

    def forget(self) -> None:
        """Forget everything, and what is being made too: tokens, cursors and addresses are not what they were."""
        self._forgotten += 1
        self._kept.clear()
        self._callers.clear()

    def _count(self, given: Given) -> None:
        """Count an answer; a line for each would cost more than the answer."""
        if not self._given:
            asyncio.get_running_loop().call_later(TOLD_EVERY, self.tell)
        self._given[given.told] += 1

    def tell(self) -> None:
        """Tell the access log how many answers were given again since it was told last."""
        for (template, status), count in sorted(self._given.items()):
            access.info("- GET %s %d given again %d times", template, status, count)
        self._given.clear()

    def _keep(self, key: Key, kept: Kept) -> None:
        if kept.size <= self._kept.maxsize:
            self._kept[key] = kept


@lru_cache(maxsize=1_000)
def _coding(codings: bytes) -> str:
    return preferred_coding(codings.decode("latin-1"))


def _is_near(moment: datetime | None, now: datetime) -> bool:
    """Whether a shared cache that is given an answer now may still have it then."""
    return moment is not None and moment - now <= timedelta(seconds=LONGEST)


def _is_whole(sent: list[Message]) -> bool:
    """Whether these messages are a `200` with all of its body."""
    return len(sent) == 2 and sent[0].get("status") == 200 and not sent[1].get("more_body")  # noqa: PLR2004


def _kept(claim: Claim, standing: Standing, template: str, head: Message, body: Message, *, address: int) -> Kept:
    fields: list[tuple[bytes, bytes]] = head["headers"]
    tag = dict(fields).get(b"etag", b"")
    about = [(name, value) for name, value in fields if name not in _OF_A_BODY]
    return Kept(
        count=standing.public,
        until=claim.until,
        next_public=standing.next_public,
        tag=tag,
        whole=Given(head, body, (template, 200)),
        unchanged=Given({**head, "status": 304, "headers": about}, _NOTHING, (template, 304)),
        size=len(body["body"]) + address + OVERHEAD + sum(len(n) + len(v) + OF_A_FIELD for n, v in fields),
    )
