"""How an answer may be kept: its entity tag, who may cache it and how long, and how it is compressed."""

import gzip
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import brotli
from fastapi import Request, Response
from starlette.types import Scope

from domain.people import Person, Role
from infra import seals

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WORTH_COMPRESSING = 600
VARY = "Authorization, Accept-Encoding"
ARTICLES, TAGS, CONTRIBUTORS, SERVER = "articles", "tags", "contributors", "server"  # surrogate keys of lists
NO_STORE = {"Cache-Control": "no-store"}
FORGET = "private, no-store"  # what a meter or a gift decided is true once
HEAD = "standfirst.head"  # where a request says that it was no `GET`
GIFT = "gift"  # the parameter that a gift's token comes in
MOVED: dict[int | str, dict[str, Any]] = {308: {"description": "It has another slug now"}}

# Levels at which an article takes half as long as at those that would make it four in a hundred smaller.
_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=4)),
    "zstd": lambda body: zstd.compress(body, level=3),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
}


CLAIM, NOW = "standfirst.claim", "standfirst.now"  # where a request carries them
LONGEST = 120  # seconds that a shared cache may keep an answer
# Roles, plans, what these open, and the language that offers are made in.
Rights = tuple[frozenset[Role], frozenset[str], frozenset[str], str | None]


@dataclass(slots=True)
class Claim:
    """What the representation cache is told of an answer: whether, until when and to whom to give it again."""

    is_kept: bool = False
    until: datetime | None = None
    rights: Rights | None = None
    rights_until: datetime | None = None
    find: Callable[[Rights], Response | None] = lambda _: None
    """Looks for an answer to the same question that was kept for a caller with these rights."""
    let_go: Callable[[], None] = lambda: None
    """Lets those go on by themselves who wait for this answer."""

    def keep(self, until: datetime | None) -> None:
        """Let the answer be given again until then, if nothing changes before."""
        self.is_kept, self.until = True, until

    def identify(self, person: Person, until: datetime) -> None:
        """Say what the bearer of this token may read, until then if no rights change before."""
        self.rights, self.rights_until = (person.roles, person.plans, person.opens, person.language), until


def kept_answer(request: Request) -> Response | None:
    """Return what was answered to somebody with the rights that this caller has, if that is kept."""
    claim: Claim | None = request.scope.get(CLAIM)
    return claim.find(claim.rights) if claim is not None and claim.rights is not None else None


def nobody_waits(request: Request) -> None:
    """Let those go on by themselves who wait for what this request is answered: it is for nobody else."""
    claim: Claim | None = request.scope.get(CLAIM)
    if claim is not None:
        claim.let_go()


@dataclass(frozen=True, slots=True)
class Caching:
    """Who may keep an answer. `until` is the next moment at which it becomes wrong by itself."""

    public: bool
    seconds: int
    now: datetime
    until: datetime | None
    is_stored: bool = True
    """Whether anybody may keep it, be it their own browser or we."""

    @property
    def header(self) -> str:
        """The `Cache-Control` field: as many seconds fresh, as many stale-while-revalidate, two minutes in all."""
        if not self.is_stored:
            return FORGET
        if not self.public:
            return "private, no-cache"
        seconds = min(self.seconds * 2, LONGEST)
        if self.until is not None:
            seconds = max(0, min(seconds, int((self.until - self.now).total_seconds())))
        fresh = min(self.seconds, seconds)
        return f"public, max-age={fresh}, stale-while-revalidate={seconds - fresh}"


def carries_gift(scope: Scope) -> bool:
    """Tell whether a request came with a gift, be it good or not: no answer to it is kept by anybody."""
    asked: bytes = scope["query_string"]
    return bool(asked) and any(
        name == GIFT for name, _ in parse_qsl(asked.decode("latin-1"), keep_blank_values=True)
    )


def caching_for(request: Request, *moments: datetime | None, now: datetime, is_stored: bool = True) -> Caching:
    """Return how an answer may be cached: publicly only where the request carried no credentials.

    `moments` are those, as far as there are any, at which what it shows changes by itself.
    """
    seconds: int = request.app.state.parts.settings.cache_seconds
    until = min((moment for moment in moments if moment), default=None)
    is_given = carries_gift(request.scope)
    is_public = "authorization" not in request.headers and not is_given and is_stored
    return Caching(is_public, seconds, now, until, is_stored=is_stored and not is_given)


def answer(
    request: Request,
    body: bytes,
    caching: Caching,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    keys: Iterable[str] = (),
) -> Response:
    """Return a delivery's answer: tagged by the bytes shown, compressed, or `304` where the caller has them.

    Call it only after the access decision: a conditional header is answered here. `keys` name what is shown, for
    shared caches that can be told to drop all answers that show a thing.
    """
    coding = preferred_coding(request.headers.get("accept-encoding", "")) if len(body) >= WORTH_COMPRESSING else ""
    tag = entity_tag(body, coding)
    _let_be_kept(request, caching)
    fields = {"ETag": tag, "Cache-Control": caching.header, "Vary": VARY, **(headers or {})}
    if caching.public:
        fields["Surrogate-Key"] = " ".join(sorted({*keys}))
    if has_it(request, tag):
        return Response(status_code=304, headers=fields)
    if coding:
        body = _CODINGS[coding](body)
        fields["Content-Encoding"] = coding
    return Response(body, headers=fields, media_type=media_type)


def _let_be_kept(request: Request, caching: Caching) -> None:
    """Let the representation cache give this answer again for as long as it would be the same, headers and all.

    It would not be while `Cache-Control` counts down to a moment, nor when signed addresses change.
    """
    claim: Claim | None = request.scope.get(CLAIM)
    if claim is None or not caching.is_stored:
        return
    ends = [caching.until - timedelta(seconds=LONGEST)] if caching.until else []
    if not caching.public:
        ends.append(seals.window_end(caching.now, request.app.state.parts.settings.media_url_seconds))
    claim.keep(min(ends, default=None))


def moved(location: str, headers: Mapping[str, str]) -> Response:
    """Return the way to the present address of something that is asked for by an old one."""
    return Response(status_code=308, headers={"Location": location, **headers})


def entity_tag(body: bytes, coding: str = "") -> str:
    """Return the strong entity tag of these bytes in this coding (RFC 9110, section 8.8.3)."""
    digest = urlsafe_b64encode(sha256(body).digest()[:18]).decode()
    return f'"{digest}.{coding}"' if coding else f'"{digest}"'


def has_it(request: Request, tag: str) -> bool:
    """Tell whether the caller has this representation; a field in several lines is one list (section 5.3)."""
    return matches(", ".join(request.headers.getlist("if-none-match")), tag)


def matches(if_none_match: str, tag: str) -> bool:
    """Tell whether these entity tags name this one (RFC 9110, section 13.1.2: weak comparison)."""
    return any(part.strip().removeprefix("W/") in {tag, "*"} for part in if_none_match.split(","))


def preferred_coding(accept_encoding: str) -> str:
    """Return the content coding that suits a caller best (RFC 9110, section 12.5.3), or nothing."""
    weights = dict(_weight(part) for part in accept_encoding.lower().split(",") if part.strip())
    weighed = [(weights.get(coding, weights.get("*", 0.0)), coding) for coding in _CODINGS]
    best, coding = max(weighed, key=lambda one: one[0])
    return coding if best > 0 and best >= weights.get("identity", 0.0) else ""


def _weight(part: str) -> tuple[str, float]:
    coding, _, parameter = part.strip().partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        return coding.strip(), float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return coding.strip(), 0.0
