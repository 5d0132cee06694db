"""The canary for who came by a gift, or read out of a meter: they meet what that opened, and nothing else."""

import pytest
from fastapi import FastAPI

from infra.settings import Settings
from tests.newsroom import Json
from tests.wall import walk
from tests.wall.corpus import Corpus

FORMS = 7  # the article, five other forms of it, and why it is whole


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"meter_articles": 1})


def subject(corpus: Corpus) -> str:
    """The id of an article with hidden text that a subscriber reads whole."""
    live = (one for one in corpus.articles.values() if (one["publication"] or {}).get("state") == "live")
    return next(str(one["id"]) for one in live if one["access"]["requires"] == "subscriber" and is_for_all(one))


def is_for_all(article: Json) -> bool:
    access = article["access"]
    return not (access["plans"] or access["from"] or access["until"]) and not article["translation_of"]


def taking_gifts(app: FastAPI) -> list[walk.Operation]:
    named = ({two["name"] for two in one.parameters("query")} for one in walk.operations(app))
    return [one for one, names in zip(walk.operations(app), named, strict=True) if "gift" in names]


async def words_of(corpus: Corpus, app: FastAPI, article_id: str) -> set[str]:
    """All that a subscriber meets in an article, in any form."""
    met: set[str] = set()
    for operation in taking_gifts(app):
        asked = walk.Asked(operation, operation.path.format(slug_or_id=article_id))
        answer = await walk.send(corpus, "subscriber", asked)
        assert answer.status == 200
        met |= corpus.canaries.in_text(answer.said)
    return met


def beyond(corpus: Corpus, person: str, answer: walk.Answer) -> set[str]:
    """What somebody met that is not theirs by themselves."""
    return {one for one in corpus.canaries.in_text(answer.said) if person not in corpus.canaries.audience[one]}


async def test_a_gift_shows_its_article_and_nothing_else(corpus: Corpus, app: FastAPI) -> None:
    given = subject(corpus)
    path = f"/v1/articles/{given}/gifts"
    made = (await corpus.client.post(path, headers=corpus.headers["subscriber"])).json()
    token, opened, met = made["url"].partition("?gift=")[2], await words_of(corpus, app, given), set[str]()
    own = {given, made["article"]["slug"]}
    taking = taking_gifts(app)
    assert len(taking) == FORMS
    for operation in taking:
        for at in walk.paths(app, walk.Values(corpus), operation):
            answer = await walk.send(corpus, "anonymous", walk.Asked(operation, at, {"gift": token}))
            found = beyond(corpus, "anonymous", answer)
            assert not found - (opened if own & set(at.split("/")) else set()), at
            assert token not in answer.said.replace(answer.headers.get("location", ""), "")
            met |= found
    assert met, "the gift opened nothing: the walk is blind"


async def test_what_is_read_out_of_a_meter_is_one_article(corpus: Corpus, app: FastAPI) -> None:
    read = subject(corpus)
    opened = await words_of(corpus, app, read)
    reading = [one for one in walk.operations(app) if one.method == "get" and one.path.startswith("/v1/")]
    first = await corpus.client.get(f"/v1/articles/{read}", headers=corpus.headers["reader"])
    assert first.json()["access"]["reason"] == "metered"
    met: set[str] = set()
    for operation in reading:
        is_article = operation.path.startswith("/v1/articles/{")
        for asked in walk.reads(app, corpus, operation):
            answer = await walk.send(corpus, "reader", asked)
            found = beyond(corpus, "reader", answer)
            assert not found - (opened if is_article else set()), asked.path
            met |= found
    assert met, "the meter opened nothing: the walk is blind"
