"""Merges at once, and merges while articles are written: no chain, no loop, and nothing names what is gone."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import or_, select, union_all

from infra.contributors import CONTRIBUTORS
from infra.naming import Kind
from infra.tables import draft_links
from infra.tags import TAGS
from tests.api.test_concurrency import act, patch
from tests.api.test_merging import KINDS, merge, named, rows, used, using
from tests.newsroom import Newsroom, People

KIND: dict[str, Kind] = {"tags": TAGS, "contributors": CONTRIBUTORS}  # type: ignore[type-arg]
ROUNDS = [3, pytest.param(40, marks=pytest.mark.deep)]


def statuses(*answers: Response) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def ghosts(people: People, name: str) -> list[str]:
    """What a slug, a draft, a publication or a merged row names, and is merged itself or not there at all."""
    kind = KIND[name]
    table = kind.table
    links = select(draft_links.c.target_id).where(draft_links.c.kind == kind.word)
    pointers = select(table.c.merged_into).where(table.c.merged_into.is_not(None))
    named_ids = union_all(select(kind.had_by.label("id")), select(kind.named), links, pointers).subquery()
    query = (
        select(named_ids.c.id)
        .outerjoin(table, table.c.id == named_ids.c.id)
        .where(or_(table.c.id.is_(None), table.c.merged_into.is_not(None)))
    )
    return [row.id for row in await rows(people, query)]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_of_two_that_are_merged_into_one_another_one_stays(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        pair = [f"one-{at}", f"other-{at}"]
        for slug in pair:
            await named(newsroom, kind, slug)
            await newsroom.published(slug=f"by-{slug}", **using(kind, slug))
        answers = await asyncio.gather(*(merge(newsroom, kind, slug, pair[slug == pair[0]]) for slug in pair))
        assert statuses(*answers) == {200: 1, 409: 1}
        stays = next(answer.json()["slug"] for answer in answers if answer.status_code == 200)
        assert (await client.get(f"/v1/{kind}/{stays}")).json()["articles"] == 2
        (gone,) = set(pair) - {stays}
        assert (await client.get(f"/v1/{kind}/{gone}")).headers["Location"].endswith(f"/{stays}")
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_of_merges_of_the_same_one_wins(newsroom: Newsroom, people: People, kind: str, rounds: int) -> None:
    for at in range(rounds):
        for slug in (f"one-{at}", f"a-{at}", f"b-{at}"):
            await named(newsroom, kind, slug)
        targets = [f"a-{at}", f"b-{at}"] * 4
        answers = await asyncio.gather(*(merge(newsroom, kind, f"one-{at}", into) for into in targets))
        assert statuses(*answers) == {200: 1, 404: 7}
        won = next(answer.json()["slug"] for answer in answers if answer.status_code == 200)
        assert (await newsroom.send("GET", f"/{kind}/one-{at}")).headers["Location"].endswith(f"/{won}")
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_merges_that_follow_one_another_make_no_chain(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        letters = [f"{letter}-{at}" for letter in "abcde"]
        for slug in letters:
            await named(newsroom, kind, slug)
        for slug in letters:
            await newsroom.published(slug=f"by-{slug}", **using(kind, slug, f"e-{at}"))
        answers = await asyncio.gather(*(merge(newsroom, kind, one, into) for one, into in pairwise(letters)))
        assert statuses(*answers) == {200: 4}
        assert (await client.get(f"/v1/{kind}/e-{at}")).json()["articles"] == 5
        for slug in letters[:-1]:
            assert (await client.get(f"/v1/{kind}/{slug}")).headers["Location"].endswith(f"/e-{at}")
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_articles_that_are_written_meanwhile_name_what_stays(
    client: AsyncClient, newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        for slug in ("one", "other"):
            await named(newsroom, kind, f"{slug}-{at}")
        uses = using(kind, f"one-{at}")
        coming, edited = [await newsroom.draft(slug=f"{name}-{at}", **uses) for name in ("coming", "edited")]
        form = {"title": "New", "language": "en", **uses}
        published, title, made, merged = await asyncio.gather(
            act(newsroom, coming, "publish"),
            patch(newsroom, edited, "Other title"),
            newsroom.send("POST", "/articles", json=form),
            merge(newsroom, kind, f"one-{at}", f"other-{at}"),
        )
        assert statuses(published, title, made, merged) == {200: 3, 201: 1}
        for article in (published, title, made):
            now = await newsroom.send("GET", f"/articles/{article.json()['id']}")
            assert used(kind, now.json()) == [f"other-{at}"]
        assert (await client.get(f"/v1/{kind}/other-{at}")).json()["articles"] == 1
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_deleted_or_used_and_never_both(
    newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        await named(newsroom, kind, f"one-{at}")
        form = {"title": "New", "language": "en", **using(kind, f"one-{at}")}
        made, deleted = await asyncio.gather(
            newsroom.send("POST", "/articles", json=form),
            newsroom.send("DELETE", f"/{kind}/one-{at}", version=1),
        )
        assert (made.status_code, deleted.status_code) in {(201, 409), (422, 204)}
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_of_a_merge_and_edits_and_a_deletion_one_wins(
    newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        one, other = f"one-{at}", f"other-{at}"
        for slug in (one, other):
            await named(newsroom, kind, slug)
        answers = await asyncio.gather(
            merge(newsroom, kind, one, other),
            newsroom.send("PATCH", f"/{kind}/{one}", version=1, json={"slug": f"new-{at}"}),
            newsroom.send("PATCH", f"/{kind}/{one}", version=1, json={"name": "New"}),
            newsroom.send("DELETE", f"/{kind}/{one}", version=1),
            newsroom.send("DELETE", f"/{kind}/{other}", version=1),
        )
        deleted_target = answers[-1].status_code == 204
        assert statuses(*answers[:-1])[200] + statuses(*answers[:-1])[204] == 1
        assert all(answer.status_code in {200, 204, 404, 412, 422} for answer in answers)
        listed = (await newsroom.send("GET", f"/{kind}", params={"limit": "100"})).json()["items"]
        left = {row["slug"] for row in listed} & {one, other, f"new-{at}"}
        assert (other in left) is not deleted_target
    assert await ghosts(people, kind) == []


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_slug_that_is_taken_while_it_is_left_has_one_holder(
    newsroom: Newsroom, people: People, kind: str, rounds: int
) -> None:
    for at in range(rounds):
        for slug in ("one", "other"):
            await named(newsroom, kind, f"{slug}-{at}")
        made, merged = await asyncio.gather(
            newsroom.send("POST", f"/{kind}", json={"name": "New", "slug": f"one-{at}"}),
            merge(newsroom, kind, f"one-{at}", f"other-{at}"),
        )
        assert (made.status_code, merged.status_code) in {(201, 200), (409, 200)}
        now = await newsroom.send("GET", f"/{kind}/one-{at}")
        assert now.status_code == (200 if made.status_code == 201 else 308)
    assert await ghosts(people, kind) == []
