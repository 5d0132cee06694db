"""Following what changes: whoever does holds what a full read would give, and learns no more than that."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from domain.people import Role
from infra import accounts, sync
from tests.following import Follower, read_all, unsigned
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words

GOLD: Json = {"requires": "subscriber", "plans": ["gold"]}


def kinds(page: Json | None) -> list[tuple[str, str]]:
    assert page is not None
    return [(one["type"], one["article"]["slug"] if "article" in one else one["id"]) for one in page["items"]]


async def test_an_empty_newsroom_has_nothing_to_follow(client: AsyncClient) -> None:
    follower = Follower(client, {})
    assert kinds(await follower.page()) == []
    first = follower.cursor
    assert kinds(await follower.page()) == []
    assert follower.cursor == first


async def test_what_there_is_comes_first_and_then_what_changes(client: AsyncClient, newsroom: Newsroom) -> None:
    one, two = [await newsroom.published(title=title) for title in ("One", "Two")]
    gone = await newsroom.act(await newsroom.published(title="Gone"), "unpublish")
    follower = Follower(client, {})
    page = await follower.page(20)
    assert kinds(page) == [("upsert", "one"), ("upsert", "two")]  # and nothing of what was gone before
    assert page is not None
    assert page["has_more"] is False
    whole = (await client.get("/v1/articles/one")).json()
    assert page["items"][0]["article"] == {
        **whole,
        "access": {name: value for name, value in whole["access"].items() if name not in {"offers", "meter"}},
    }
    assert kinds(await follower.page()) == []
    one = await newsroom.act(await newsroom.edit(one, title="One again"), "publish")
    assert kinds(await follower.page()) == [("upsert", "one")]
    await newsroom.act(two, "withdraw", public_note="Wrong.")
    assert kinds(await follower.page()) == [("delete", two["id"])]
    await newsroom.act(gone, "publish")
    assert kinds(await follower.page()) == [("upsert", "gone")]
    await newsroom.act(await newsroom.edit(one, title="Draft"), "submit")
    assert kinds(await follower.page()) == []


async def test_an_article_comes_once_at_its_last_change(client: AsyncClient, newsroom: Newsroom) -> None:
    follower = Follower(client, {})
    made = [await newsroom.published(title=f"Number {at}") for at in range(5)]
    for _ in range(3):
        made[1] = await newsroom.act(await newsroom.edit(made[1], standfirst="Again."), "publish")
    first = await follower.page(3)
    assert kinds(first) == [("upsert", "number-0"), ("upsert", "number-2"), ("upsert", "number-3")]
    assert first is not None
    assert first["has_more"] is True
    assert kinds(await follower.page(3)) == [("upsert", "number-4"), ("upsert", "number-1")]


async def test_names_that_articles_show_are_followed(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    await newsroom.tag("ocean")
    await newsroom.contributor("ada")
    medium = await newsroom.medium()
    image = {"_type": "image", "media_id": medium["id"]}
    target = await newsroom.published(title="Target", tags=["ocean"])
    credits_ = [{"role": "author", "contributor": "ada"}]
    link = {"_type": "related", "article_id": target["id"]}
    body = [paragraph(words(9)), link, image]
    made = await newsroom.published(title="From", tags=["sea"], credits=credits_, body=body)
    await newsroom.published(title="Other")
    follower = Follower(client, {})
    await follower.catch_up()

    async def change(path: str, **fields: object) -> list[tuple[str, str]]:
        answer = await newsroom.send("GET", path)
        sent = await newsroom.send("PATCH", path, version=int(answer.headers["etag"].strip('"')), json=fields)
        assert sent.status_code == 200, sent.text
        found = kinds(await follower.page())
        assert follower.held == await read_all(client, {})
        return found

    assert await change("/tags/sea", name="The sea") == [("upsert", "from")]
    assert await change("/contributors/ada", name="Ada L.") == [("upsert", "from")]
    assert await change(f"/media/{medium['id']}", credit="Somebody") == [("upsert", "from")]
    target = await newsroom.act(await newsroom.edit(target, title="Target, renamed"), "publish")
    assert sorted(kinds(await follower.page())) == [("upsert", "from"), ("upsert", "target")]
    await newsroom.act(target, "unpublish")
    assert sorted(kinds(await follower.page())) == sorted([("upsert", "from"), ("delete", target["id"])])
    translated = await newsroom.published(title="De", language="fr", translation_of=made["id"])
    assert sorted(kinds(await follower.page())) == [("upsert", translated["slug"]), ("upsert", "from")]
    assert follower.held == await read_all(client, {})


async def test_moments_are_followed_with_nobody_at_work(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    def at(hours: float) -> str:
        return (clock.time + timedelta(hours=hours)).isoformat()

    gate = {"requires": "subscriber", "from": at(1), "until": at(2)}
    moved = await newsroom.published(title="Gate", access=gate, body=[paragraph(words(90))])
    await newsroom.published(title="Link", related=[moved["id"]])
    ends = await newsroom.act(await newsroom.draft(title="Ends"), "publish", until=at(3))
    comes = await newsroom.act(await newsroom.draft(title="Comes"), "schedule", at=at(4))
    again = await newsroom.act(await newsroom.edit(await newsroom.published(title="Old")), "schedule", at=at(5))
    token = people.token(await people.add("subscriber"), seconds=86_400)
    followers = [Follower(client, headers) for headers in ({}, {"Authorization": f"Bearer {token}"})]
    expected = [
        [],
        [("upsert", "gate"), ("upsert", "link")],
        [("upsert", "gate"), ("upsert", "link")],
        [("delete", ends["id"])],
        [("upsert", comes["slug"])],
        [("upsert", again["slug"])],
        [],
    ]
    for follower in followers:
        await follower.catch_up()
    for step in expected:
        for follower in followers:
            assert sorted(kinds(await follower.page())) == sorted(step)
            assert follower.held == await read_all(client, follower.headers)
        clock.move(hours=1)


async def test_moments_that_nobody_saw_come_together(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    follower = Follower(client, {})
    await follower.catch_up()
    for hours in (1, 2, 3):
        at = (clock.time + timedelta(hours=hours)).isoformat()
        await newsroom.act(await newsroom.draft(title=f"In {hours}"), "schedule", at=at, until=None)
    clock.move(days=1)
    await follower.catch_up(1)
    assert follower.held == await read_all(client, {})
    assert len(follower.held) == 3


async def test_what_changes_behind_a_gate_is_followed_by_those_who_see_it_alone(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    target = await newsroom.published(title="Target")
    medium = await newsroom.medium()
    hidden = [{"_type": "related", "article_id": target["id"]}, {"_type": "image", "media_id": medium["id"]}]
    body = [paragraph(words(50)), paragraph(words(50)), *hidden]
    await newsroom.published(title="Gated", access=GOLD, body=body, teaser={"words": 20})
    gold = await people.headers("subscriber", plans=("gold",))
    others = [{}, await people.headers("reader"), await people.headers("subscriber", plans=("tin",))]
    followers = [Follower(client, headers) for headers in (gold, *others)]
    for follower in followers:
        await follower.catch_up()
    cursors = [follower.cursor for follower in followers]
    path = f"/media/{medium['id']}"
    assert (await newsroom.send("PATCH", path, version=1, json={"credit": "X"})).status_code == 200
    found = [kinds(await follower.page()) for follower in followers]
    assert found == [[("upsert", "gated")], [], [], []]
    assert [follower.cursor for follower in followers[1:]] == cursors[1:]
    await newsroom.act(await newsroom.edit(target, title="Renamed"), "publish")
    found = [sorted(kinds(await follower.page())) for follower in followers]
    assert found == [[("upsert", "gated"), ("upsert", "target")], *[[("upsert", "target")]] * 3]
    for follower in followers:
        assert follower.held == await read_all(client, follower.headers)


async def test_whoever_may_read_other_things_starts_anew(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    await newsroom.published(title="Gated", access=GOLD, body=[paragraph(words(90))])
    account = await people.add("subscriber", plans=("gold",))
    follower = Follower(client, {"Authorization": f"Bearer {people.token(account)}"})
    await follower.catch_up()
    anonymous = Follower(client, {})
    anonymous.cursor = follower.cursor
    assert await anonymous.page() is None
    async with people.parts.database.write() as connection:
        await accounts.set_roles(connection, account.id, [Role.READER])
    assert await follower.page() is None
    await follower.catch_up()
    assert follower.held == await read_all(client, follower.headers)
    assert next(iter(follower.held.values()))["access"]["granted"] == "teaser"


async def test_a_filter_is_left_and_entered(client: AsyncClient, newsroom: Newsroom) -> None:
    for slug in ("sea", "salt", "sand"):
        await newsroom.tag(slug)
    one = await newsroom.published(title="One", tags=["sea"])
    other = await newsroom.published(title="Other", language="fr")
    by_tag, by_language = Follower(client, {}, tag="sea"), Follower(client, {}, language="fr")
    assert kinds(await by_tag.page()) == [("upsert", "one")]
    assert kinds(await by_language.page()) == [("upsert", "other")]
    one = await newsroom.act(await newsroom.edit(one, tags=["salt"], language="fr"), "publish")
    assert kinds(await by_tag.page()) == [("delete", one["id"])]
    assert kinds(await by_language.page()) == [("upsert", "one")]
    other = await newsroom.act(await newsroom.edit(other, language="en", tags=["sea"]), "publish")
    assert kinds(await by_tag.page()) == [("upsert", "other")]
    assert kinds(await by_language.page()) == [("delete", other["id"])]
    await newsroom.act(await newsroom.edit(one, standfirst="Again."), "publish")
    assert kinds(await by_tag.page()) == [("delete", one["id"])]  # once theirs, and still not
    sent = await newsroom.send("POST", "/tags/salt/merge", version=1, json={"into": "sea"})
    assert sent.status_code == 200, sent.text
    await by_tag.catch_up()
    assert by_tag.held == await read_all(client, {}, tag="sea")
    assert len(by_tag.held) == 2


async def test_a_rare_filter_is_walked_in_steps(
    client: AsyncClient, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "WALKED", 2)
    await newsroom.tag("rare")
    for at in range(7):
        await newsroom.published(title=f"Number {at}", tags=["rare"] if at == 5 else [])
    follower = Follower(client, {}, tag="rare")
    pages = [await follower.page() for _ in range(4)]
    assert [kinds(page) for page in pages] == [[], [], [("upsert", "number-5")], []]
    assert [page["has_more"] for page in pages if page] == [True, True, True, False]


async def test_a_tag_s_slug_that_means_another_starts_anew(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.tag("sea")
    follower = Follower(client, {}, tag="sea")
    await follower.catch_up()
    changed = await newsroom.send("PATCH", "/tags/sea", version=1, json={"slug": "ocean"})
    assert changed.status_code == 200
    await follower.catch_up()
    assert follower.resets == 0
    await newsroom.tag("sea")
    assert await follower.page() is None


@pytest.mark.parametrize("query", ["cursor=made-up", "cursor=", "tag=A", "language=!", "limit=0", "sort=title"])
async def test_a_bad_question_is_refused(client: AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/sync?{query}")).status_code == 400


async def test_a_cursor_is_good_for_its_own_question(client: AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.published()
    follower = Follower(client, {})
    await follower.catch_up()
    for query in ({"language": "en"}, {"tag": "sea"}):
        assert (await client.get("/v1/sync", params={"cursor": follower.cursor, **query})).status_code == 400
    listed = (await client.get("/v1/articles", params={"cursor": follower.cursor})).status_code
    assert listed == 400


async def test_signatures_alone_make_no_difference() -> None:
    assert unsigned({"url": "a?expires=1&signature=b-_"}) == {"url": "a"}


async def test_a_page_that_is_not_the_last_links_to_the_next(client: AsyncClient, newsroom: Newsroom) -> None:
    for at in range(3):
        await newsroom.published(title=f"Number {at}", language="en")
    first = await client.get("/v1/sync?limit=2&language=en")
    there = first.links["next"]["url"]
    assert there == f"https://api.test/v1/sync?limit=2&language=en&cursor={first.json()['next_cursor']}"
    last = await client.get(there)
    assert kinds(last.json()) == [("upsert", "number-2")]
    assert last.json()["has_more"] is False
    assert "link" not in last.headers


async def test_a_moment_that_an_action_was_faster_than_is_not_lost(
    client: AsyncClient, newsroom: Newsroom, people: People, clock: Clock
) -> None:
    def at(hours: float) -> str:
        return (clock.time + timedelta(hours=hours)).isoformat()

    newsroom.headers = {"Authorization": f"Bearer {people.token(await people.add('editor'), seconds=864_000)}"}
    ends = [
        await newsroom.act(await newsroom.draft(title=f"Ends {one}", slug=f"ends-{one}"), "publish", until=at(1))
        for one in ("withdraw", "unpublish", "schedule")
    ]
    gate = {"requires": "subscriber", "until": at(1)}
    body = [paragraph(words(40)), paragraph(f"{words(40)} zebrafish")]
    opens = await newsroom.published(title="Opens", access=gate, body=body)
    closing = {"requires": "subscriber", "from": at(1)}
    closes = await newsroom.published(title="Closes", access=closing, body=body)
    linking = await newsroom.published(title="Links", related=[ends[0]["id"]])
    follower = Follower(client, {})
    await follower.catch_up()
    clock.move(hours=2)
    await newsroom.act(ends[0], "withdraw", public_note="Wrong.")
    await newsroom.act(ends[1], "unpublish")
    for one in (ends[2], opens, closes):
        await newsroom.act(one, "schedule", at=at(30))
    await follower.catch_up()
    assert follower.held == await read_all(client, {})
    assert set(follower.held) == {opens["id"], closes["id"], linking["id"]}
    found = (await client.get("/v1/search?q=zebrafish&limit=1")).json()
    assert ([one["id"] for one in found["items"]], found["next_cursor"]) == ([opens["id"]], None)


async def test_what_nobody_sees_changes_no_page(client: AsyncClient, newsroom: Newsroom) -> None:
    hidden = await newsroom.medium()
    body = [paragraph(words(90)), {"_type": "image", "media_id": hidden["id"]}]
    await newsroom.published(title="Gated", access=GOLD, body=body, teaser={"words": 9})
    unused = await newsroom.medium()
    before = await client.get("/v1/sync")
    await newsroom.tag("sea")
    await newsroom.contributor("ada")
    for medium in (hidden, unused):
        sent = await newsroom.send("PATCH", f"/media/{medium['id']}", version=1, json={"caption": "Another"})
        assert sent.status_code == 200
    await newsroom.draft(title="Draft")
    after = await client.get("/v1/sync")
    assert (after.content, after.headers) == (before.content, before.headers)


async def test_however_much_is_behind_gates_a_page_looks_at_so_much_alone(
    client: AsyncClient, newsroom: Newsroom, people: People
) -> None:
    made = [
        await newsroom.published(title=f"Number {at}", access=GOLD if at % 3 else {"requires": "free"})
        for at in range(14)
    ]
    for headers in ({}, await people.headers("reader"), await people.headers("subscriber", plans=("gold",))):
        follower = Follower(client, headers)
        await follower.catch_up(1)
        assert follower.held == await read_all(client, headers)
        assert len(follower.held) == len(made)
