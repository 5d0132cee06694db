"""Where requests are counted: in this process, or in a store that several share. Only this knows `limits`.

A store that is down or hangs costs one request in some seconds a moment, and is told of once; until it is there
again each process counts by itself.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import TypeVar
from urllib.parse import urlsplit

from limits.aio.storage import RedisStorage
from redis.asyncio import ConnectionPool

from domain.limits import Count, Limit
from infra.counters import Counters

log = logging.getLogger("standfirst.limits")

PREFIX = "standfirst"
PATIENCE = 0.1  # seconds that a store may take to answer: a connection of the database may be held meanwhile
AT_ONCE = 10  # questions to the store
LEFT_ALONE = 5.0  # seconds in which one that did not is not asked again
Found = TypeVar("Found")


def check_store(url: str) -> None:
    """Refuse with `ValueError` an address that is no store's. Nothing is asked of it."""
    wrong = ValueError("must be redis:// or rediss:// with a host, a port and at most the number of a database")
    try:
        parts = urlsplit(url)
        is_whole = (
            parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port and not re.search(r"\s", url)
        )
    except ValueError:
        raise wrong from None
    if not is_whole or parts.query or parts.fragment or not re.fullmatch(r"(/[0-9]{0,3})?", parts.path):
        raise wrong


class Tally:
    """Counts requests. Made once a process."""

    def __init__(self, store: str, now: Callable[[], datetime]) -> None:
        self._counters = Counters(now)
        self._shared = Shared(store) if store else None

    async def take(self, limit: Limit, whom: str, amount: int = 1) -> bool:
        """Count a request if there is room for it, and tell whether there was; of many at once none gets by.

        A negative amount gives back what turned out not to count.
        """
        key = f"{limit.name} {whom}"
        if self._shared is not None and (taken := await self._shared.take(limit, key, amount)) is not None:
            return taken
        return self._counters.take(limit, key, amount)

    async def look(self, limit: Limit, whom: str) -> Count:
        """Return what has been counted."""
        key = f"{limit.name} {whom}"
        if self._shared is not None and (count := await self._shared.look(limit, key)) is not None:
            return count
        return self._counters.look(limit, key)

    async def close(self) -> None:
        """Let go of the store."""
        if self._shared is not None:
            await self._shared.close()


class Shared:
    """A store of counts that several processes share. What it does not answer is `None`."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._storage = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=self._pool,  # type: ignore[arg-type] # documented, and not in its types
        )
        self._places = asyncio.Semaphore(AT_ONCE)
        self._asked_again_at = 0.0
        self._is_missed = False

    async def take(self, limit: Limit, key: str, amount: int) -> bool | None:
        """Count a request if there is room, in one step of the store, and tell whether there was."""
        return await self._asked(
            lambda: self._storage.acquire_sliding_window_entry(key, limit.most, limit.seconds, amount)
        )

    async def look(self, limit: Limit, key: str) -> Count | None:
        """Return what has been counted."""
        found = await self._asked(lambda: self._storage.get_sliding_window(key, limit.seconds))
        if found is None:
            return None
        before, before_ends, now, expires = found
        return Count(before, before_ends, now, max(0.0, expires - limit.seconds))

    async def close(self) -> None:
        """End the connections."""
        await self._pool.disconnect()

    async def _asked(self, question: Callable[[], Awaitable[Found]]) -> Found | None:
        """Ask the store, unless it did not answer lately. While it does not, one request at a time tries."""
        async with self._places:
            is_trial = self._is_missed
            if is_trial:
                if monotonic() < self._asked_again_at:
                    return None
                self._asked_again_at = monotonic() + LEFT_ALONE
            try:
                async with asyncio.timeout(PATIENCE):
                    found = await question()
            except Exception as error:  # noqa: BLE001 - whatever answers there, it must not keep us from answering
                self._miss(error)
                return None
        if is_trial and self._is_missed:
            self._is_missed = False
            log.warning("The store of rate limits answers again.")
        return found

    def _miss(self, error: Exception) -> None:
        """Leave the store alone for a while. Its address is not told, which may hold a password."""
        self._asked_again_at = monotonic() + LEFT_ALONE
        if not self._is_missed:
            self._is_missed = True
            log.warning(
                "The store of rate limits does not answer (%s). Each process counts by itself.",
                type(error).__name__,
            )
