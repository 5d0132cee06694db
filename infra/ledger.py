"""The ledger: which editions partners have taken whole, and when. It is written before they get a text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Leave, Reason, decide
from domain.articles import Publication
from domain.licences import Licence
from domain.meters import Meter, month_of
from domain.people import Person
from infra import clients
from infra.db import Database, DatabaseBusy
from infra.delivery import Found
from infra.tables import acknowledgements, changes, ledger, licences, publications
from infra.visibility import is_live

_AS_IF_TAKEN = Leave(is_taken=True)


async def quota(connection: AsyncConnection, licence: Licence, *, now: datetime) -> Meter | None:
    """Return how many articles a partner has taken for the first time this month, if that is limited."""
    if licence.quota is None:
        return None
    _, ends = month_of(now)
    taken = await used(connection, [licence.client_id], now=now)
    return Meter(licence.quota, taken.get(licence.client_id, 0), ends)


async def used(connection: AsyncConnection, client_ids: Collection[str], *, now: datetime) -> Mapping[str, int]:
    """Return how many articles clients have taken this month that they had never taken before."""
    began, _ = month_of(now)
    counted = (ledger.c.client_id.in_(sorted(client_ids)), ledger.c.is_first == true(), ledger.c.taken_at >= began)
    query = select(ledger.c.client_id, func.count().label("used")).where(*counted).group_by(ledger.c.client_id)
    return {row.client_id: row.used for row in await connection.execute(query)}


async def open_to(connection: AsyncConnection, person: Person, article_ids: Sequence[str]) -> Collection[str]:
    """Return which articles a partner may have, as far as its quota goes: all, or those that it had before."""
    if person.licence is None:
        return ()
    if person.quota is None or not person.quota.is_exhausted:
        return article_ids
    return set(await connection.scalars(_had_by(person.licence.client_id, article_ids)))


def _had_by(client_id: str, article_ids: Collection[str]) -> Select[Any]:
    same = and_(ledger.c.client_id == client_id, ledger.c.article_id.in_(sorted(article_ids)))
    return select(ledger.c.article_id).where(same).distinct()


@dataclass(frozen=True, slots=True)
class Taken:
    """The articles that a partner may be given whole, for it is written down, and what is left of its quota."""

    article_ids: frozenset[str] = frozenset()
    quota: Meter | None = None

    def leave(self, article_id: str) -> Leave:
        """Return what lets the partner read an article."""
        return Leave(article_id in self.article_ids, self.quota)


NOTHING = Taken()


async def take(
    snapshot: AsyncConnection,
    database: Database,
    person: Person,
    found: Sequence[Found],
    *,
    now: datetime,
    clock: Callable[[], datetime],
    is_read: bool = True,
) -> Taken:
    """Write down what of this a partner takes under its licence, as far as its quota goes, in the order given.

    Each edition is written down once; of articles that it had before, another edition counts as nothing new, and
    what is free counts for no quota. The snapshot is a newer one afterwards, if anything had to be written. Where
    nothing `is_read`, as with `HEAD`, only that counts which is written down already. What was changed while
    somebody was waited for is `DatabaseBusy`: asked again, it is decided anew.
    """
    licence = person.licence
    covered = _covered(found, person, now) if licence else {}
    if licence is None or not covered:
        return Taken(quota=person.quota)
    known = await _known(snapshot, licence, covered)
    if not is_read or known >= {one.id for one in covered}:
        return Taken(frozenset(one.article_id for one in covered if one.id in known), person.quota)
    async with database.write_soon(snapshot):
        held = select(licences.c.version).where(licences.c.id == licence.id).with_for_update()
        is_same = await snapshot.scalar(held) == licence.version
        now = clock()
        if not (is_same and await _still_stands(snapshot, person, licence, covered, now)):
            raise DatabaseBusy("licence")
        return await _write_down(snapshot, licence, covered, now)


def _covered(found: Sequence[Found], person: Person, now: datetime) -> dict[Publication, bool]:
    """Return what of this the licence gives, and whether a quota counts it: not what is free anyway."""
    decided = [(one.publication, decide(one.item, person, _AS_IF_TAKEN, now=now)) for one in found]
    return {
        publication: decision.reason is Reason.LICENCE
        for publication, decision in decided
        if decision.licence is not None and decision.reason in (Reason.LICENCE, Reason.FREE)
    }


async def _still_stands(
    connection: AsyncConnection, person: Person, licence: Licence, some: Collection[Publication], now: datetime
) -> bool:
    """Whether the client is let in, its licence runs and all of this is live, after somebody was waited for."""
    client = await clients.by_secret(connection, licence.client_id, person.session_id or "")
    if client is None or client.is_blocked or not licence.is_running(now):
        return False
    ids = {one.id for one in some}
    live = select(func.count()).where(publications.c.id.in_(sorted(ids)), is_live(now))
    return await connection.scalar(live) == len(ids)


async def _write_down(
    connection: AsyncConnection, licence: Licence, covered: Mapping[Publication, bool], now: datetime
) -> Taken:
    """Write down what is new of this. Of several that do so at once, each waits for the one before."""
    had = set(await connection.scalars(_had_by(licence.client_id, [one.article_id for one in covered])))
    standing = await quota(connection, licence, now=now)
    new = [one.article_id for one, counts in covered.items() if counts and one.article_id not in had]
    first = set(new if standing is None else new[: max(0, standing.limit - standing.used)])
    known = await _known(connection, licence, covered)
    given = [one for one, counts in covered.items() if not counts or one.article_id in had | first]
    rows = [_row(one, licence, now, is_first=one.article_id in first) for one in given if one.id not in known]
    if rows:
        await connection.execute(insert(ledger), rows)
    left = replace(standing, used=standing.used + len(first)) if standing else None
    return Taken(frozenset(one.article_id for one in given), left)


async def editions(connection: AsyncConnection, person: Person, ids: Collection[str]) -> set[str]:
    """Return which of these editions a partner has taken."""
    if person.licence is None or not ids:
        return set()
    return await _written(connection, person.licence, ids)


async def _known(connection: AsyncConnection, licence: Licence, some: Collection[Publication]) -> set[str]:
    """Return which of these editions are written down."""
    return await _written(connection, licence, [one.id for one in some])


async def _written(connection: AsyncConnection, licence: Licence, ids: Collection[str]) -> set[str]:
    own = and_(ledger.c.client_id == licence.client_id, ledger.c.publication_id.in_(sorted(ids)))
    return set(await connection.scalars(select(ledger.c.publication_id).where(own)))


def _row(publication: Publication, licence: Licence, now: datetime, *, is_first: bool) -> dict[str, Any]:
    return {
        "client_id": licence.client_id,
        "publication_id": publication.id,
        "article_id": publication.article_id,
        "licence_id": licence.id,
        "number": publication.number,
        "taken_at": now,
        "is_first": is_first,
    }


async def knows(connection: AsyncConnection, licence_id: str) -> bool:
    """Tell whether anything was taken under a licence."""
    taken = select(ledger.c.client_id).where(ledger.c.licence_id == licence_id)
    return await connection.scalar(taken.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """That an edition was taken, whether its article is gone since, and when that was acknowledged."""

    article_id: str
    publication_id: str
    number: int
    taken_at: datetime
    is_first: bool
    is_gone: bool
    acknowledged_at: datetime | None

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in the ledger."""
        return self.taken_at, self.publication_id


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of the ledger of a licence. The fields are the only ways to filter."""

    licence_id: str
    article_id: str | None = None
    taken_after: datetime | None = None
    taken_before: datetime | None = None
    is_unacknowledged: bool = False
    """What is gone, and not acknowledged by now."""
    after: tuple[datetime, str] | None = None


async def page(connection: AsyncConnection, listing: Listing, *, now: datetime, limit: int) -> list[Entry]:
    """Return the next entries of a licence, in the order in which things were taken."""
    rows = await connection.execute(_entries(listing, now).limit(limit))
    return [Entry(**{name: getattr(row, name) for name in Entry.__slots__}) for row in rows]


def _entries(listing: Listing, now: datetime) -> Select[Any]:
    article = ledger.c.article_id
    is_gone = ~select(publications.c.id).where(publications.c.article_id == article, is_live(now)).exists()
    word = and_(
        acknowledgements.c.client_id == ledger.c.client_id,
        acknowledgements.c.article_id == article,
        acknowledgements.c.seq == changes.c.public_seq,
    )
    query = (
        select(ledger, is_gone.label("is_gone"), acknowledgements.c.at.label("acknowledged_at"))
        .outerjoin(changes, changes.c.article_id == article)
        .outerjoin(acknowledgements, word)
        .where(ledger.c.licence_id == listing.licence_id)
        .order_by(ledger.c.taken_at, ledger.c.publication_id)
    )
    if listing.article_id is not None:
        query = query.where(article == listing.article_id)
    if listing.taken_after is not None:
        query = query.where(ledger.c.taken_at >= listing.taken_after)
    if listing.taken_before is not None:
        query = query.where(ledger.c.taken_at < listing.taken_before)
    if listing.is_unacknowledged:
        query = query.where(is_gone, acknowledgements.c.at.is_(None))
    if listing.after is not None:
        query = query.where(tuple_(ledger.c.taken_at, ledger.c.publication_id) > listing.after)
    return query


async def acknowledge(
    connection: AsyncConnection, client_id: str, article_ids: Sequence[str], *, now: datetime
) -> list[str]:
    """Write down that a client has removed what is gone of what it took, and return which articles these are.

    The word holds for as long as the article stays as it is: what is shown and goes again has to be removed again.
    """
    held = select(licences.c.id).where(licences.c.client_id == client_id).with_for_update()
    await connection.execute(held)  # of several at once each waits for the one before
    live = select(publications.c.article_id).where(is_live(now))
    gone = (
        select(changes.c.article_id, changes.c.public_seq)
        .where(changes.c.article_id.in_(_had_by(client_id, article_ids)), changes.c.article_id.not_in(live))
        .order_by(changes.c.article_id)
    )
    rows = (await connection.execute(gone)).all()
    ids = [row.article_id for row in rows]
    own = acknowledgements.c.client_id == client_id
    await connection.execute(delete(acknowledgements).where(own, acknowledgements.c.article_id.in_(ids)))
    if rows:
        said = [
            {"client_id": client_id, "article_id": row.article_id, "seq": row.public_seq, "at": now}
            for row in rows
        ]
        await connection.execute(insert(acknowledgements), said)
    return ids
