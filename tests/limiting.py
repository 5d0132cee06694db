"""What tests of rate limits need: limits that are reached soon, and callers from other networks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from infra.settings import Settings

TOO_MANY = "/problems/too-many-requests"


def with_limits(settings: Settings, **changes: int) -> Settings:
    """These settings with other limits: `reads_a_minute` and its like."""
    return settings.model_copy(update=changes)


@asynccontextmanager
async def calling_from(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client at another address."""
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.test") as client:
        yield client


def is_refused(answer: httpx.Response) -> bool:
    """Whether this is a whole and honest refusal; anything but a refusal or its absence fails."""
    if answer.status_code != 429:
        return False
    problem = answer.json()
    assert (problem["type"], problem["status"]) == (TOO_MANY, 429)
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["ratelimit"].startswith(f'"{problem["rule"]}";r=0;t=')
    assert answer.headers["ratelimit"].endswith(f";t={answer.headers['retry-after']}")
    assert answer.headers["ratelimit-policy"].startswith(f'"{problem["rule"]}";q=')
    return True
