"""What plans and licences open, in SQL and in Python: random gates, tags, people and times, on both databases."""

import json
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Item, Leave, Requires, decide
from domain.headings import EVERYTHING
from domain.licences import Licence, Reach
from domain.meters import Meter
from domain.people import Person, Role
from domain.plans import openings
from infra.db import Database
from infra.publications import HEADER, publication_of
from infra.search.tables import search_articles
from infra.settings import Settings
from infra.tables import articles, clients, ledger, licences, listings, publications
from infra.visibility import gate_is_open, opens, passes
from tests.domain.test_access import FROM, TIMES, WINDOWS

COUNT = 150
TAGS = [f"{kind}:{name}" for kind in ("tag", "section") for name in ("sea", "land", "air")]
PLANS = ("gold", "golden", "print", "all")
REQUIRES = (*Requires, Requires.SUBSCRIBER, Requires.SUBSCRIBER, "members")
Headings = dict[str, frozenset[str]]


def _plans(luck: random.Random) -> list[str]:
    return luck.sample(PLANS, luck.choice([0, 0, 1, 2]))


async def _fill(database: Database, luck: random.Random) -> Headings:
    """Make articles behind random gates, each under random headings, and return these."""
    found: Headings = {}
    async with database.write() as connection:
        for at in range(COUNT):
            id_, window = f"{at:03}", luck.choice(list(WINDOWS))
            found[id_] = frozenset({EVERYTHING, *luck.sample(TAGS, luck.randint(0, 3))})
            gate = {"requires": str(luck.choice(REQUIRES)), "plans": json.dumps(_plans(luck))}
            await connection.execute(insert(articles).values(_article(id_)))
            await connection.execute(insert(publications).values(_publication(id_, gate, window)))
            times = {"published_at": FROM, "updated_at": FROM, "shown_from": TIMES[0], "title_key": "t"}
            rows = [
                {"heading": heading, "publication_id": id_, "article_id": id_, **times} for heading in found[id_]
            ]
            await connection.execute(insert(listings), rows)
            place = {"place": at, "article_id": id_, "publication_id": id_, "stemmer": "en", "published_at": FROM}
            await connection.execute(insert(search_articles).values(**place, **gate))
        await _license(connection)
    return found


TAKEN = [f"{at:03}" for at in range(0, COUNT, 3)]  # what the client has had before


async def _license(connection: AsyncConnection) -> None:
    """Give a client a licence and let it have taken some articles under it."""
    client = {"name": "C", "networks": "", "is_blocked": False, "version": 1, "created_at": FROM}
    await connection.execute(insert(clients).values(id="me", **client))
    licence = {"everything": True, "languages": "[]", "sources": "[]", "fields": "[]", "delay_minutes": 0}
    times = {"starts_at": FROM, "lifted_to": FROM, "version": 1}
    await connection.execute(insert(licences).values(id="l", client_id="me", **licence, **times))
    row = {"client_id": "me", "licence_id": "l", "number": 1, "taken_at": FROM, "is_first": True}
    rows = [{"article_id": id_, "publication_id": id_, **row} for id_ in TAKEN]
    await connection.execute(insert(ledger), rows)


def _client(luck: random.Random) -> Person:
    """A client with a licence for some tags, perhaps delayed, perhaps over, perhaps with its quota reached."""
    conditions = (frozenset(luck.sample(TAGS, luck.randint(1, 4))) for _ in range(luck.randint(0, 2)))
    licence = Licence(
        "l",
        "me",
        Reach(),
        luck.choice([TIMES[0], TIMES[0], FROM]),
        luck.choice([None, None, TIMES[-1], TIMES[3]]),
        delay=luck.choice([timedelta(), timedelta(), TIMES[3] - FROM]),
        headings=luck.choice([(frozenset({EVERYTHING}),), tuple(conditions)]),
    )
    quota = luck.choice([None, Meter(2, 1, TIMES[-1]), Meter(2, 2, TIMES[-1])])
    role = luck.choice([Role.PARTNER, Role.PARTNER, Role.PARTNER, Role.READER])
    return Person("me", frozenset({role}), is_client=luck.random() < 0.9, licence=licence, quota=quota)


def _leave(person: Person, article_id: str) -> Leave:
    """What a list says of it: as if it were taken, as far as the quota goes."""
    is_over = person.quota is not None and person.quota.is_exhausted
    return Leave(not is_over or article_id in TAKEN, person.quota)


def _article(id_: str) -> dict[str, Any]:
    fixed = {"group_id": "g", "version": 1, "revision": 1, "draft_state": "draft", "created_by": "me"}
    return {"id": id_, "created_at": FROM, "updated_at": FROM, **fixed}


def _publication(
    id_: str, gate: dict[str, str], window: tuple[datetime | None, datetime | None]
) -> dict[str, Any]:
    texts = {"slug": id_, "language": "en", "title": "T", "front": "{}", "state": "live", "group_id": "g"}
    times = {"published_at": FROM, "updated_at": FROM, "live_from": TIMES[0]}
    times |= {"holds_from": window[0], "holds_until": window[1]}  # type: ignore[dict-item]
    numbers = {"number": 1, "revision": 1, "remaining_percent": 10}
    return {"id": id_, "article_id": id_, **texts, **times, **gate, **numbers}


def _person(luck: random.Random) -> Person:
    """Somebody with some roles and plans; some of these are in the table, and open some headings."""
    held, opened = _plans(luck), frozenset[str]()
    for plan in held:
        if luck.random() < 0.8:
            headings = luck.sample([*TAGS, "tag:nothing"], luck.randint(0, 3))
            opened |= openings(plan, headings, everything=luck.random() < 0.3)
    roles = frozenset(luck.sample(list(Role)[:4] if luck.random() < 0.9 else list(Role), luck.randint(0, 2)))
    return Person(luck.choice(["me", "me", "me", None]), roles, frozenset(held), opened)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.sqlalchemy_url)
    yield database
    await database.close()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 8))])
async def test_sql_opens_what_the_decision_opens(database: Database, seed: int) -> None:
    luck = random.Random(seed)
    headings = await _fill(database, luck)
    by_tag = by_licence = 0
    async with database.read() as connection:
        editions: list[Any] = [publication_of(cast(Any, row)) for row in await connection.execute(select(*HEADER))]
        for _ in range(150):
            person = _client(luck) if luck.random() < 0.4 else _person(luck)
            now = luck.choice(TIMES)
            items = {one.id: Item(one.gate, headings[one.id], one.published_at) for one in editions}
            opened = {
                id_
                for id_, item in items.items()
                if decide(item, person, _leave(person, id_), now=now).opens_everything
            }
            query = select(publications.c.id).where(opens(person, now))
            assert set(await connection.scalars(query)) == opened, (person, now)
            behind = {one.id for one in editions if one.gate.holds(now)} & opened
            query = select(publications.c.id).where(passes(person, now=now), ~gate_is_open(now))
            assert set(await connection.scalars(query)) == behind, (person, now)
            found = select(search_articles.c.article_id).where(passes(person, search_articles, now=now))
            stands = {one.id for one in editions if one.gate.holds(now)}
            assert set(await connection.scalars(found)) & stands == behind, (person, now)
            by_licence += len(behind) if person.licence else 0
            if person.licence is None and EVERYTHING not in person.opens and Role.SUBSCRIBER not in person.roles:
                by_tag += len(behind)
    assert by_tag > 100, "too little was opened by a tag, section or named plan alone"
    assert by_licence > 100, "too little was opened by a licence"
