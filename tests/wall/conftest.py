"""What the tests of the wall share: a log that hears everything, and the corpus."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from infra.settings import Settings
from tests.newsroom import People
from tests.oidc import Provider, provider_at, trusting
from tests.wall.canaries import listening
from tests.wall.corpus import Corpus
from tests.wall.making import make_corpus


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An outside issuer that is trusted."""
    with provider_at() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    """Renditions in a width that the small pictures here have, and somebody from outside."""
    return trusting(settings, provider.setting()).model_copy(update={"renditions": {"small": 8}})


@pytest.fixture
def log() -> Iterator[set[str]]:
    with listening() as lines:
        yield lines


@pytest.fixture
async def corpus(
    log: set[str], app: FastAPI, client: httpx.AsyncClient, people: People, provider: Provider
) -> Corpus:
    return await make_corpus(client, people, provider)
