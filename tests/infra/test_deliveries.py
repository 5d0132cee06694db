"""Many articles at once: each as it would be by itself, in as many statements however many there are."""

import pytest
from fastapi import FastAPI

from domain.people import ANONYMOUS, Person, Role
from domain.plans import Shop
from infra import delivery
from infra.deliveries import deliver_all
from infra.delivery import Found
from tests.newsroom import Json, Newsroom, paragraph, words
from tests.wall.statements import statements_of

SUBSCRIBER = Person("somebody", frozenset({Role.SUBSCRIBER}))
EDITOR = Person("somebody", frozenset({Role.EDITOR}))


async def corpus(newsroom: Newsroom) -> list[str]:
    """Articles of every gate that name one another, tags, pictures and translations; their ids."""
    await newsroom.tag("sea")
    await newsroom.contributor("known")
    first = await newsroom.published(title="First", slug="first", language="en")
    made = [first]
    for gate in ("free", "registered", "subscriber"):
        made.append(await newsroom.published(**await _form(newsroom, gate, made), access={"requires": gate}))
    return [one["id"] for one in made]


async def _form(newsroom: Newsroom, gate: str, made: list[Json]) -> Json:
    picture, lead = await newsroom.medium(), await newsroom.medium()
    return {
        "title": f"About {gate}",
        "language": "fr" if gate == "free" else "de",
        "tags": ["sea"],
        "credits": [{"role": "author", "contributor": "known"}],
        "lead_image": {"media_id": lead["id"]},
        "related": [made[-1]["id"]],
        "translation_of": made[0]["id"] if gate == "free" else None,
        "body": [
            paragraph(words(40)),
            {"_type": "image", "media_id": picture["id"]},
            {"_type": "related", "article_id": made[0]["id"]},
            paragraph(words(40)),
        ],
    }


@pytest.mark.parametrize("person", [ANONYMOUS, SUBSCRIBER, EDITOR])
async def test_each_of_many_is_as_it_would_be_by_itself(app: FastAPI, newsroom: Newsroom, person: Person) -> None:
    ids = await corpus(newsroom)
    parts = app.state.parts
    now = parts.sources.now()
    async with parts.database.read() as connection:
        found: list[Found] = [
            await delivery.find(connection, id_, is_id=True, language=None, default_language="en", now=now)
            for id_ in ids
        ]
        alone = [await delivery.deliver(connection, one, person, shop=Shop(), now=now) for one in reversed(found)]
        together = await deliver_all(connection, found[::-1], person, now=now)
    assert together == alone
    assert [one.publication.article_id for one in together] == ids[::-1]
    assert any(one.translations for one in together)


@pytest.mark.parametrize(("person", "tables"), [(ANONYMOUS, 2), (SUBSCRIBER, 1), (EDITOR, 1)])
async def test_many_take_a_statement_for_each_kind_of_text_and_one_for_names(
    app: FastAPI, newsroom: Newsroom, person: Person, tables: int
) -> None:
    ids = await corpus(newsroom)
    parts = app.state.parts
    now = parts.sources.now()
    async with parts.database.read() as connection:
        found = [
            await delivery.find(connection, id_, is_id=True, language=None, default_language="en", now=now)
            for id_ in ids
        ]
        for some in (found, found * 5):
            with statements_of(app) as sent:
                await deliver_all(connection, some, person, now=now)
            assert len(sent) == tables + 1
        with statements_of(app) as sent:
            assert await deliver_all(connection, [], person, now=now) == []
        assert not sent
