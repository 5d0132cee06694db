"""Pages: whoever goes through them while the newsroom works misses nothing and sees nothing twice."""

from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from tests.newsroom import Clock, Json, Newsroom, People


async def page(client: AsyncClient, path: str, headers: dict[str, str] | None = None) -> Json:
    response = await client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    shown: Json = response.json()
    return shown


class Desk:
    """A newsroom at work: it publishes, takes back and publishes again, and knows what stayed live throughout."""

    def __init__(self, newsroom: Newsroom, clock: Clock, random: Random) -> None:
        self.newsroom, self.clock, self.random = newsroom, clock, random
        self.live: dict[str, Json] = {}
        self.hidden: dict[str, Json] = {}
        self.stayed: set[str] = set()

    async def publish(self) -> None:
        drafts = [await self.newsroom.draft() for _ in range(self.random.randint(1, 2))]
        moment = self.clock.time
        for draft in drafts:
            self.clock.time = moment  # some are published at the very same time
            slug = f"a-{draft['id'][-12:]}"
            made = await self.newsroom.act(await self.newsroom.edit(draft, slug=slug), "publish")
            self.live[made["id"]] = made

    async def act(self) -> None:
        """Do one thing, at random."""
        action = self.random.choice(["publish", "again", "hide", "withdraw", "back"])
        if action == "publish" or (action == "back" and not self.hidden) or not self.live:
            await self.publish()
        elif action == "back":
            id_, article = self.hidden.popitem()
            self.live[id_] = await self.newsroom.act(article, "publish")
        else:
            id_ = self.random.choice(sorted(self.live))
            article = self.live.pop(id_)
            if action == "again":
                edited = await self.newsroom.edit(article, standfirst=f"Version {article['version']}.")
                self.live[id_] = await self.newsroom.act(edited, "publish")
                return
            self.stayed.discard(id_)
            if action == "hide":
                self.hidden[id_] = await self.newsroom.act(article, "unpublish")
            else:
                await self.newsroom.act(article, "withdraw", public_note="Wrong.")


async def check_going_through(client: AsyncClient, newsroom: Newsroom, clock: Clock, seed: int, rows: int) -> None:
    random = Random(seed)
    desk = Desk(newsroom, clock, random)
    while len(desk.live) < rows:
        await desk.publish()
    desk.stayed = set(desk.live)
    seen: list[tuple[str, str]] = []
    path: str | None = f"/v1/articles?limit={random.randint(1, 4)}"
    while path:
        shown = await page(client, path)
        seen += [(card["published_at"], card["id"]) for card in shown["items"]]
        path = f"/v1/articles?limit={random.randint(1, 4)}&cursor={shown['next_cursor']}"
        path = path if shown["next_cursor"] else None
        for _ in range(random.randint(0, 2)):
            await desk.act()
    ids = [id_ for _, id_ in seen]
    assert seen == sorted(seen, reverse=True)
    assert len(ids) == len(set(ids)), "a row was repeated"
    assert desk.stayed <= set(ids), "a row was skipped"


async def test_no_row_is_skipped_or_repeated_while_the_newsroom_works(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    await check_going_through(client, newsroom, clock, seed=7, rows=9)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(12))
async def test_no_row_is_skipped_or_repeated_in_a_long_day(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, seed: int
) -> None:
    await check_going_through(client, newsroom, clock, seed=seed, rows=25)


LISTS = ["/v1/articles", "/v1/tags", "/v1/contributors"]
NEWSROOM_LISTS = [f"/v1/editorial/{name}" for name in ("articles", "tags", "contributors", "media")]


async def test_every_list_is_gone_through_by_its_links(client: AsyncClient, newsroom: Newsroom) -> None:
    for at in range(5):
        await newsroom.tag(f"t{at}")
        await newsroom.contributor(f"c{at}")
        await newsroom.medium()
        credit = {"role": "author", "contributor": f"c{at}"}
        await newsroom.published(slug=f"a{at}", tags=[f"t{at}"], credits=[credit])
    for path in [*LISTS, *NEWSROOM_LISTS]:
        headers = newsroom.headers if "editorial" in path else {}
        whole = (await page(client, path, headers))["items"]
        assert len(whole) == 5, path
        url, found = f"{path}?limit=2", []
        for size in (2, 2, 1):
            response = await client.get(url, headers=headers)
            shown = response.json()
            assert len(shown["items"]) == size
            found += shown["items"]
            link = response.headers.get("link")
            assert (link is None) == (shown["next_cursor"] is None) == (size == 1)
            if link:
                assert link.startswith(f"<https://api.test{path}?limit=2&cursor=")
                assert link.endswith('>; rel="next"')
                url = link[1 : link.index(">")].removeprefix("https://api.test")
                assert parse_qs(urlsplit(url).query)["cursor"] == [shown["next_cursor"]]
        assert found == whole, path


async def test_a_cursor_is_good_only_for_its_list_its_filters_and_its_kind_of_caller(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    await newsroom.tag("sea")
    for at in range(3):
        await newsroom.published(slug=f"a{at}", tags=["sea"])
    subscriber, patron = await people.headers("subscriber"), await people.headers("subscriber", plans=("patron",))
    cursor = (await page(client, "/v1/articles?tag=sea&limit=1"))["next_cursor"]
    good = f"/v1/articles?tag=sea&limit=2&cursor={cursor}"
    assert [card["slug"] for card in (await page(client, good))["items"]] == ["a1", "a0"]
    altered = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    refused = [
        (f"/v1/articles?limit=2&cursor={cursor}", None),
        (f"/v1/articles?tag=sea&language=en&cursor={cursor}", None),
        (f"/v1/articles?tag=salt&cursor={cursor}", None),
        (f"/v1/tags?cursor={cursor}", None),
        (f"/v1/editorial/articles?cursor={cursor}", newsroom.headers),
        (good, subscriber),
        (good, newsroom.headers),
        (good.replace(cursor, altered), None),
    ]
    for path, headers in refused:
        response = await client.get(path, headers=headers)
        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, "cursor"), path
    theirs = (await page(client, "/v1/articles?limit=1", subscriber))["next_cursor"]
    assert (await client.get(f"/v1/articles?cursor={theirs}", headers=patron)).status_code == 400
    other = await people.headers("subscriber")
    assert len((await page(client, f"/v1/articles?cursor={theirs}", other))["items"]) == 2


async def test_a_cursor_tells_nothing(client: AsyncClient, newsroom: Newsroom) -> None:
    made = [await newsroom.published(slug=f"a-slug-{at}") for at in range(2)]
    cursor = (await page(client, "/v1/articles?limit=1"))["next_cursor"]
    assert cursor.replace("-", "a").replace("_", "a").isalnum()
    assert not any(article["id"][:8] in cursor or article["slug"] in cursor for article in made)
    assert (await page(client, "/v1/articles?limit=1"))["next_cursor"] == cursor
