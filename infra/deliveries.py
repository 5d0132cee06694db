"""Reading many articles for one reader: each is decided by itself, and none costs a statement of its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_ as united

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Decision, decide
from domain.body import Body
from domain.delivery import Delivery, Names, Wanted, wanted_by_article
from domain.people import Person
from domain.syndication import body_under, front_under
from infra import documents, names
from infra.delivery import Found
from infra.ledger import NOTHING, Taken
from infra.tables import full_texts, teasers


async def deliver_all(
    connection: AsyncConnection,
    found: Sequence[Found],
    person: Person,
    *,
    taken: Taken = NOTHING,
    now: datetime,
) -> list[Delivery]:
    """Return articles as this person gets them, in their order: all decisions come first, and only then bodies.

    Under a licence the whole is given of those articles only that are `taken`. It takes three statements at most:
    whole texts of what is opened, teasers of the rest, and names. What would open the rest is not offered.
    """
    decided = [(one, decide(one.item, person, taken.leave(one.publication.article_id), now=now)) for one in found]
    read = await _bodies(connection, decided)
    shown = [
        (replace(one, front=front_under(decision, one.front)), body_under(decision, read[_id(one)]), decision)
        for one, decision in decided
    ]
    wanted = [wanted_by_article(one.front, body, one.publication.group_id) for one, body, _ in shown]
    needed = reduce(united, wanted, Wanted())
    named = await names.fetch(connection, needed, now=now, is_syndicated=person.is_client)
    return [
        _delivery(one, body, decision, named.only(needs), now=now)
        for (one, body, decision), needs in zip(shown, wanted, strict=True)
    ]


def _id(found: Found) -> str:
    return found.publication.id


def _delivery(found: Found, body: Body, decision: Decision, named: Names, *, now: datetime) -> Delivery:
    return Delivery(
        publication=found.publication,
        front=found.front,
        body=body,
        decision=decision,
        remaining_percent=0 if decision.opens_everything else found.remaining_percent,
        offers=(),
        names=named,
        read_at=now,
    )


async def _bodies(connection: AsyncConnection, decided: Sequence[tuple[Found, Decision]]) -> Mapping[str, Body]:
    """Return the body that each decision allows, by publication."""
    opened = {_id(found) for found, decision in decided if decision.opens_everything}
    rest = {_id(found) for found, _ in decided} - opened
    read = {**await _read(connection, full_texts, opened), **await _read(connection, teasers, rest)}
    return {id_: read.get(id_, ()) for id_ in opened | rest}


async def _read(connection: AsyncConnection, texts: Table, ids: Collection[str]) -> Mapping[str, Body]:
    if not ids:
        return {}
    rows = await connection.execute(select(texts).where(texts.c.publication_id.in_(sorted(ids))))
    return {row.publication_id: documents.load_body(row.body) for row in rows}
