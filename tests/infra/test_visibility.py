"""The wall in SQL says what `decide` says: over the full product of gates, readers and times."""

import json
from collections.abc import AsyncIterator
from itertools import product
from typing import Any, cast

import pytest
from sqlalchemy import ColumnElement, insert, select

from domain.access import Item, Requires, decide
from domain.people import ANONYMOUS, STAFF, Person, Role
from infra.db import Database
from infra.publications import HEADER, publication_of
from infra.settings import Settings
from infra.tables import articles, publications
from infra.visibility import gate_is_open, opens, passes, requires_now
from tests.domain.test_access import FROM, TIMES, WINDOWS

PLANS: tuple[tuple[str, ...], ...] = ((), ("gold",), ("gold", "print"), ("golden", "go-ld"))
REQUIRES = (*Requires, "members")  # the last as a newer program may have written it
GATES = list(product(REQUIRES, PLANS, WINDOWS))
HELD: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        ((), ("gold",), ("print", "tin"), ("GOLD", ""), ("gold%", "go_d"), ('","', "[")),
    )
)
PEOPLE = [
    ANONYMOUS,
    Person(None, frozenset(Role), frozenset({"gold"})),
    *(Person("me", frozenset({role}), held) for role in Role for held in HELD),
    *(Person("me", frozenset(), held) for held in HELD[:2]),
    Person("me", frozenset({Role.READER, Role.SUBSCRIBER, Role.PARTNER}), frozenset({"print"})),
]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A database with a live article behind each gate that there can be."""
    database = Database(settings.sqlalchemy_url)
    async with database.write() as connection:
        await connection.execute(insert(articles), [_article(at) for at in range(len(GATES))])
        await connection.execute(insert(publications), [_publication(at, *gate) for at, gate in enumerate(GATES)])
    yield database
    await database.close()


def _article(at: int) -> dict[str, Any]:
    moments = {"created_at": FROM, "updated_at": FROM}
    return {"id": str(at), "group_id": "g", "version": 1, "revision": 1, "draft_state": "draft", **moments} | {
        "created_by": "me"
    }


def _publication(at: int, requires: str, plans: tuple[str, ...], window: tuple[Any, Any]) -> dict[str, Any]:
    texts = {"slug": str(at), "language": "en", "title": "T", "front": "{}", "state": "live"}
    times = {"published_at": FROM, "updated_at": FROM, "live_from": TIMES[0]}
    gate = {
        "requires": str(requires),
        "plans": json.dumps(plans),
        "holds_from": window[0],
        "holds_until": window[1],
    }
    numbers = {"number": 1, "revision": 1, "remaining_percent": 10}
    return {"id": str(at), "article_id": str(at), "group_id": "g", **texts, **times, **gate, **numbers}


async def _that(database: Database, condition: ColumnElement[bool]) -> set[str]:
    async with database.read() as connection:
        return set((await connection.scalars(select(publications.c.id).where(condition))).all())


async def _gates(database: Database) -> list[Any]:
    async with database.read() as connection:
        return [publication_of(cast(Any, row)) for row in await connection.execute(select(*HEADER))]


async def test_who_gets_a_whole_text_is_what_the_decision_says(database: Database) -> None:
    editions = await _gates(database)
    assert len(editions) == len(GATES)
    for person, now in product(PEOPLE, TIMES):
        opened = {
            one.id for one in editions if decide(Item(one.gate, frozenset()), person, now=now).opens_everything
        }
        assert await _that(database, opens(person, now)) == opened, (person, now)
        behind = {one.id for one in editions if one.gate.holds(now)}
        assert await _that(database, passes(person, now=now) & ~gate_is_open(now)) == opened & behind, (
            person,
            now,
        )


async def test_what_is_asked_of_a_reader_is_what_the_gate_says(database: Database) -> None:
    editions = await _gates(database)
    for now in TIMES:
        for requires in Requires:
            known = {one.id for one in editions if one.gate.required(now) is requires}
            found = await _that(database, requires_now(requires, now))
            unknown = {str(at) for at, gate in enumerate(GATES) if gate[0] == "members"}
            assert found == known - unknown, (requires, now)


async def test_a_gate_of_a_newer_program_opens_for_staff_alone_at_any_time(database: Database) -> None:
    unknown = {str(at) for at, gate in enumerate(GATES) if gate[0] == "members"}
    for person, now in product(PEOPLE, TIMES):
        everything = unknown if person.has_any(STAFF) else set()
        assert await _that(database, opens(person, now)) & unknown == everything, (person, now)
