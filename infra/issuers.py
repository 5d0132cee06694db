"""Access tokens of outside issuers, verified.

A token's `iss`, which nobody has verified yet, only chooses among the issuers of the settings. From then on there
is this issuer's name, audience, algorithms and keys, and no other's (RFC 8725, section 3.8), ours included.
"""

import asyncio
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from cachetools import LRUCache

from domain.errors import Unidentified
from domain.issuers import Issuer, Outsider
from infra.jwks import LONGEST_KID
from infra.key_sets import KeySet
from infra.signatures import signed_by
from infra.strict_json import strictly
from infra.tokens import LEEWAY, MAX_BYTES, REMEMBERED

LONGEST_LIFE = timedelta(hours=24)
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
LOOK_EVERY = 5.0  # seconds until it is asked again whether keys are old
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
# What ID tokens, logout tokens and other events have, and tokens that are good only with a key of their bearer's.
_OF_OTHER_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events", "cnf"})
# What access tokens say that they are, where issuers say so in a claim.
_SAID_TO_BE = {"typ": frozenset({"bearer", "at+jwt"}), "token_use": frozenset({"access"})}
_OF_ACCESS_TOKENS = frozenset({"scope", "scp", "token_use"})  # one of these says so where there is no `typ`
_LAST_SECOND = 253_402_300_799  # of the year 9999


class Read(NamedTuple):
    """What a token says, whoever has written it."""

    header: dict[str, Any]
    claims: dict[str, Any]


class Issuers:
    """The outside issuers that are trusted. What was verified is remembered until it runs out or keys change."""

    def __init__(self, trusted: Iterable[Issuer], clock: Callable[[], datetime]) -> None:
        self._told: list[Callable[[], None]] = []
        self._trusted = {one.name: (one, KeySet(one, clock, self._forget)) for one in trusted}
        self._named: LRUCache[bytes, str | None] = LRUCache(REMEMBERED)
        self._verified: LRUCache[bytes, Outsider] = LRUCache(REMEMBERED)

    def tell(self, somebody: Callable[[], None]) -> None:
        """Call this when keys are gone: what was verified with them is worth nothing."""
        self._told.append(somebody)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._trusted)

    def issuer_of(self, token: str) -> str | None:
        """Return the issuer that a token names, if it is one of these. Nothing is verified by that."""
        if not self._trusted or len(token) > MAX_BYTES:
            return None
        digest = _digest(token)
        if digest not in self._named:
            self._named[digest] = self._look_up(token)
        return self._named[digest]

    def _look_up(self, token: str) -> str | None:
        with suppress(ValueError):
            named = _read(token).claims.get("iss")
            return named if isinstance(named, str) and named in self._trusted else None
        return None

    async def await_key(self, token: str) -> None:
        """Return once the key is here that a token of one of these issuers names; see `KeySet.await_key`.

        A token that no key would make good is refused before anybody is asked.
        """
        if _digest(token) in self._verified:
            return
        with _refusing():
            issuer, keys = self._trusted[self.issuer_of(token) or ""]
            kid = _kid(_read(token).header, issuer)
        await keys.await_key(kid)

    def verify(self, token: str, *, now: datetime) -> Outsider:
        """Return whom a token vouches for, by the keys that are here, or raise `Unidentified`."""
        digest = _digest(token)
        known = self._verified.get(digest)
        if known is None:
            with _refusing():
                known = self._verified[digest] = self._verify(token)
        if known.expires_at <= now:
            raise Unidentified("The access token has expired.", presented=True)
        if known.not_before > now + LEEWAY:
            raise Unidentified("The access token is not valid yet.", presented=True)
        if not known.roles:
            raise Unidentified("The access token gives no role here.", presented=True)
        return known

    def _verify(self, token: str) -> Outsider:
        issuer, keys = self._trusted[self.issuer_of(token) or ""]
        header = _read(token).header
        key = keys.find(_kid(header, issuer))
        if key is None:
            raise ValueError("kid")
        claims = strictly(signed_by(token, key.verifiers[header["alg"]], header["alg"]))
        _check(header, claims, issuer)
        begins = max(claims["iat"], claims.get("nbf", claims["iat"]))
        issued, ends = _moment(claims["iat"]), _moment(claims["exp"])
        return Outsider(issuer.name, claims["sub"], issuer.roles_of(claims), issued, _moment(begins), ends)

    async def follow(self) -> None:
        """Ask for keys before they are needed, and again when they are old. It ends when it is cancelled."""
        try:
            while self._trusted:
                await self.renew()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await asyncio.gather(*(keys.stop() for _, keys in self._trusted.values()))

    async def renew(self) -> None:
        """Ask for the keys that are old."""
        await asyncio.gather(*(keys.renew() for _, keys in self._trusted.values()))

    def _forget(self) -> None:
        self._verified.clear()
        for tell in self._told:
            tell()


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn whatever is wrong with a token into the one refusal."""
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError):
        raise Unidentified("The access token is not one of ours.", presented=True) from None


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()


def _read(token: str) -> Read:
    if not _COMPACT.fullmatch(token):
        raise ValueError("form")
    header, claims, _ = token.split(".")
    return Read(strictly(_decoded(header)), strictly(_decoded(claims)))


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _kid(header: dict[str, Any], issuer: Issuer) -> str:
    """Return which key a header names. Keys that it brings, or says where to find, are not looked at."""
    kid, algorithm = header["kid"], header["alg"]
    if not isinstance(algorithm, str) or algorithm not in issuer.algorithms:
        raise ValueError("alg")
    if _kind(header) not in issuer.types:
        raise ValueError("typ")
    if "crit" in header or "b64" in header:
        raise ValueError("crit")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise ValueError("kid")
    return kid


def _kind(header: dict[str, Any]) -> str | None:
    """Return what a header says that its token is, in small letters; nothing where it does not say."""
    return str(header["typ"]).lower().removeprefix("application/") if "typ" in header else None


def _check(header: dict[str, Any], claims: dict[str, Any], issuer: Issuer) -> None:
    """Raise `ValueError` where claims are not those of an access token for us, by this issuer."""
    if claims["iss"] != issuer.name or issuer.audience not in _texts(claims["aud"]):
        raise ValueError("iss or aud")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ValueError("sub")
    if not subject.isascii() or not subject.isprintable():
        raise ValueError("sub")
    if not _OF_OTHER_TOKENS.isdisjoint(claims):
        raise ValueError("another kind of token")
    if _kind(header) is None and _OF_ACCESS_TOKENS.isdisjoint(claims):
        raise ValueError("no sign of an access token")
    for name, kinds in _SAID_TO_BE.items():
        if name in claims and str(claims[name]).lower() not in kinds:
            raise ValueError(name)
    times = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(map(_is_time, times)) or not 0 < times[0] - times[1] <= LONGEST_LIFE.total_seconds():
        raise ValueError("times")


def _texts(audience: object) -> list[str]:
    listed = audience if isinstance(audience, list) else [audience]
    texts = [one for one in listed if isinstance(one, str)]
    if len(texts) != len(listed):
        raise ValueError("aud")
    return texts


def _is_time(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and 0 <= value <= _LAST_SECOND


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
