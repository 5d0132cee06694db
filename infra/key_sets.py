"""The keys of outside issuers, fetched over HTTP and kept: the last ones for as long as an issuer is down.

They are asked for when they are an hour old, and for a key that is not among them at most once a minute. Of many
who wait for that, one asks. Nothing that a token says leads anywhere but to keys that are here.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from domain.errors import Unidentified
from domain.issuers import Issuer
from infra.issuer_settings import refusal_of_url
from infra.jwks import KeysByName, OutsideKey, keys_in
from infra.strict_json import strictly

logger = logging.getLogger("standfirst.issuers")

LASTING = timedelta(hours=1)  # a key that the issuer has taken away is good here for no longer
SHORTEST = timedelta(minutes=1)
PATIENCE = 5.0  # seconds for all of it
MOST_BYTES = 256 * 1024
DISCOVERY = "/.well-known/openid-configuration"
_NO_KEY = (
    "%s has no key that can be used, so its tokens are refused. It must have one with a `kid` to verify %s; if it"
    " signs by another algorithm, name that in `algorithms` of STANDFIRST_ISSUERS."
)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})")


class KeysUnavailable(Exception):
    """An issuer's keys have not been had yet, so nothing can be said of its tokens for now."""


class KeySet:
    """The keys of one issuer. `changed` is called when some are not what they were."""

    def __init__(self, issuer: Issuer, clock: Callable[[], datetime], changed: Callable[[], None]) -> None:
        self._issuer, self._clock, self._changed = issuer, clock, changed
        self._keys: KeysByName = {}
        self._has_answered = False
        self._old_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None

    def find(self, kid: str) -> OutsideKey | None:
        """Return a key that is here."""
        return self._keys.get(kid)

    async def await_key(self, kid: str) -> None:
        """Return once a key is here. If it is not even after a look that is due, raise `Unidentified`.

        Where its issuer has never said which there are, raise `KeysUnavailable`.
        """
        if kid in self._keys:
            return
        if self._asking is None and self._may_ask():
            self._asked_at = self._clock()
            self._ask()
        if self._asking is not None:
            await asyncio.shield(self._asking)  # whoever goes away must not take it from the others
        if not self._has_answered:
            raise KeysUnavailable
        if kid not in self._keys:
            raise Unidentified("The access token is not one of ours.", presented=True)

    async def renew(self) -> None:
        """Ask for the keys if it is time."""
        if self._asking is None and not _is_ahead(self._old_at, self._clock(), LASTING):
            self._ask()
        if self._asking is not None:
            await asyncio.shield(self._asking)

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _may_ask(self) -> bool:
        asked_at = self._asked_at
        return asked_at is None or not _is_ahead(asked_at + SHORTEST, self._clock(), SHORTEST)

    def _ask(self) -> None:
        self._asking = asyncio.create_task(self._fetch())
        self._asking.add_done_callback(self._have_asked)

    def _have_asked(self, _: asyncio.Task[None]) -> None:
        self._asking = None

    async def _fetch(self) -> None:
        """Take the keys that there are now. Without an answer those before stay, and a minute later is time."""
        lasting = SHORTEST
        try:
            async with asyncio.timeout(PATIENCE):
                keys, lasting = await _fetched(self._issuer)
            lasting = lasting if keys else SHORTEST
            self._take(keys)
        except Exception as error:  # noqa: BLE001 - whatever it is, those before stay, and it is told
            what = type(error).__name__ if not isinstance(error, ValueError) else str(error)
            logger.warning("The keys of %s stay what they were: %s", self._issuer.name, what)
        finally:
            self._old_at = self._clock() + lasting

    def _take(self, keys: KeysByName) -> None:
        """Know these keys and no others: an issuer that answers has taken back what it names no more."""
        if not keys:
            logger.warning(_NO_KEY, self._issuer.name, ", ".join(sorted(self._issuer.algorithms)))
        before, self._keys, self._has_answered = self._keys, keys, True
        if any(kid not in keys or keys[kid].members != key.members for kid, key in before.items()):
            self._changed()


def _is_ahead(moment: datetime | None, now: datetime, most: timedelta) -> bool:
    """Whether a moment is to come; if it is further away than can be, the clock was put back, and it is not."""
    return moment is not None and timedelta(0) < moment - now <= most


async def _fetched(issuer: Issuer) -> tuple[KeysByName, timedelta]:
    """Return an issuer's keys, and how long they last."""
    authorities = httpx.create_ssl_context()  # those of `SSL_CERT_FILE`, too
    # No proxy and no credentials of the machine's; no address but those that are asked for here.
    async with httpx.AsyncClient(
        follow_redirects=False, timeout=PATIENCE, trust_env=False, verify=authorities
    ) as client:
        url = issuer.keys_url or await _discovered(client, issuer)
        document, lasting = await _document(client, url)
    return keys_in(document, issuer.algorithms), lasting


async def _discovered(client: httpx.AsyncClient, issuer: Issuer) -> str:
    """Return where an issuer's metadata says that its keys are (OpenID Connect Discovery 1.0, section 4)."""
    metadata, _ = await _document(client, issuer.name.rstrip("/") + DISCOVERY)
    if metadata.get("issuer") != issuer.name:
        raise ValueError("its metadata are of another issuer")
    url = metadata.get("jwks_uri")
    if not isinstance(url, str) or refusal_of_url(url, may_ask=True, like=issuer.name):
        raise ValueError("its metadata have no `jwks_uri` that can be used")
    return url


async def _document(client: httpx.AsyncClient, url: str) -> tuple[dict[str, Any], timedelta]:
    """Return a JSON object, and how long it may be kept."""
    fields = {"Accept": "application/json, application/jwk-set+json", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=fields) as response:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"the answer was {response.status_code}")
        if kind != "application/json" and not re.fullmatch(r"application/[a-z0-9.-]+\+json", kind):
            raise ValueError("the answer is no JSON")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ValueError("the answer is compressed")
        content = b""
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MOST_BYTES:
                raise ValueError("the answer is too long")
    try:
        return strictly(content), _lasting(response.headers.get("cache-control", ""))
    except ValueError:
        raise ValueError("the answer is no JSON") from None


def _lasting(cache_control: str) -> timedelta:
    said = _MAX_AGE.search(cache_control.lower())
    return min(max(timedelta(seconds=int(said.group(1))), SHORTEST), LASTING) if said else LASTING
