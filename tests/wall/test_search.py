"""Search and the wall: a word that stands only behind it has no effect for whoever may not read it."""

from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.test_search import hits, published, titles
from tests.newsroom import Clock, Json, Newsroom, People
from tests.wall.statements import naming_gated, statements_of

REGISTERED = {"requires": "registered"}
SUBSCRIBER = {"requires": "subscriber"}
GOLD = {"requires": "subscriber", "plans": ["gold"]}
SHOWN = "Vu de tous. "
HIDDEN = "Un mot cachalot. Le cachalot, des cachalots, encore du texte pour que la coupe vienne avant tout cela."
OPENED = {
    "anonymous": [],
    "partner": [],
    "nobody": [],
    "reader": ["Registered"],
    "contributor": ["Registered"],
    "subscriber": ["Subscriber", "Registered"],
    "silver": ["Subscriber", "Registered"],
    "gold": ["Gold", "Subscriber", "Registered"],
    "editor": ["Gold", "Subscriber", "Registered"],
}


async def gated(
    newsroom: Newsroom, clock: Clock, title: str, gate: Json, hidden: str = HIDDEN, **fields: Any
) -> Json:
    return await published(
        newsroom, clock, title, SHOWN + hidden, access=gate, teaser={"words": 3}, standfirst="", **fields
    )


async def everybody(people: People) -> dict[str, dict[str, str]]:
    return {
        **{
            name: await people.headers(name)
            for name in ("anonymous", "partner", "reader", "contributor", "editor")
        },
        "nobody": {"Authorization": f"Bearer {people.token(await people.add())}"},
        "subscriber": await people.headers("subscriber"),
        "silver": await people.headers("subscriber", plans=("silver",)),
        "gold": await people.headers("subscriber", plans=("gold",)),
    }


async def test_hidden_words_are_found_by_those_alone_who_may_read_them(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    for title, gate in (("Registered", REGISTERED), ("Subscriber", SUBSCRIBER), ("Gold", GOLD)):
        await gated(newsroom, clock, title, gate)
    callers = await everybody(people)
    for q in ("cachalot", "cachalots mot", '"mot cachalot"', "cachal*", "Vu cachalot"):
        for name, headers in callers.items():
            assert await titles(client, q, headers) == OPENED[name], (q, name)
            assert await titles(client, q, headers, access="subscriber") == OPENED[name][:-1], (q, name)
    for name, headers in callers.items():
        assert await titles(client, "vu tous", headers) == ["Gold", "Subscriber", "Registered"], name


async def test_what_is_behind_the_wall_moves_nothing_that_is_seen(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    """The hidden text says what is looked for most, and would be first for whoever may read it."""
    await gated(
        newsroom, clock, "Caché", GOLD, "Baleine, baleine, baleine, la baleine, et d'autres baleines encore."
    )
    await gated(
        newsroom, clock, "Visible baleine", GOLD, "Rien de plus à dire ici, et encore du texte sans suite."
    )
    await published(newsroom, clock, "Libre", "Une baleine.")
    for name, headers in (await everybody(people)).items():
        may_read = name in {"gold", "editor"}
        expected = ["Visible baleine", *(["Caché"] if may_read else []), "Libre"]
        assert await titles(client, "baleine", headers) == expected, name
        first = await client.get("/v1/search", params={"q": "baleine", "limit": 1}, headers=headers)
        cursor = first.json()["next_cursor"]
        second = await client.get("/v1/search", params={"limit": 1, "cursor": cursor}, headers=headers)
        assert [one["title"] for one in second.json()["items"]] == expected[1:2]


async def test_pieces_are_cut_from_what_the_caller_may_read(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    await gated(
        newsroom, clock, "Un", GOLD, "Tous les cachalots, et encore du texte pour que la coupe vienne avant."
    )
    for name, headers in (await everybody(people)).items():
        (one,) = await hits(client, "tous", headers)
        (body,) = one["highlights"]
        said = "".join(part["text"] for part in body["parts"])
        marked = [part["text"] for part in body["parts"] if part["match"]]
        if name in {"gold", "editor"}:
            assert "cachalots" in said
            assert marked == ["tous", "Tous"]
        else:
            assert said.removesuffix(" …") == "Vu de tous."
            assert marked == ["tous"]


async def test_a_hidden_word_is_asked_for_by_the_same_statements_as_one_that_nobody_wrote(
    app: FastAPI, client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    await gated(newsroom, clock, "Un", GOLD)
    callers = await everybody(people)
    sent: dict[str, dict[str, list[str]]] = {}
    for name, headers in callers.items():
        sent[name] = {}
        for q in ("cachalot", "narval", "tous"):
            with statements_of(app) as statements:
                await titles(client, q, headers)
            sent[name][q] = [one for one in statements if "accounts" not in one and "subscriptions" not in one]
        if name not in {"gold", "editor"}:
            assert sent[name]["cachalot"] == sent[name]["narval"], name
            assert not [at for q in sent[name].values() for at in naming_gated(q)], name
    for name in ("anonymous", "partner", "nobody"):
        assert sent[name] == sent["anonymous"]
        assert not any("search_whole" in one for some in sent[name].values() for one in some)
    assert any("search_whole" in one for one in sent["gold"]["cachalot"])


async def test_a_gate_opens_and_closes_at_its_moments(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    start = clock.time.replace(microsecond=0)
    gate = {**GOLD, "from": f"{start.replace(minute=20):%FT%TZ}", "until": f"{start.replace(minute=40):%FT%TZ}"}
    await gated(newsroom, clock, "Un", gate)
    callers = await everybody(people)
    for minute, second, found in ((19, 59, True), (20, 0, False), (39, 59, False), (40, 0, True)):
        clock.time = start.replace(minute=minute, second=second)
        for name, headers in callers.items():
            may_read = found or name in {"gold", "editor"}
            assert await titles(client, "cachalot", headers) == (["Un"] if may_read else []), (minute, name)


async def test_what_comes_ends_or_is_withdrawn_is_found_exactly_while_it_is_live(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    editor = await people.headers("editor")
    start = clock.time.replace(microsecond=0)
    at, until = start.replace(minute=20), start.replace(minute=40)
    draft = await newsroom.draft(title="Narval", language="fr", access=GOLD)
    await newsroom.act(draft, "schedule", at=f"{at:%FT%TZ}", until=f"{until:%FT%TZ}")
    for minute, second, found in ((19, 59, []), (20, 0, ["Narval"]), (39, 59, ["Narval"]), (40, 0, [])):
        clock.time = start.replace(minute=minute, second=second)
        for headers in ({}, editor):
            assert await titles(client, "narval", headers) == found, minute
    other = await published(newsroom, clock, "Un narval")
    assert await titles(client, "narval") == ["Un narval"]
    changed = await newsroom.edit(other, title="Un phoque")
    assert await titles(client, "phoque", editor) == []
    changed = await newsroom.act(changed, "publish")
    assert await titles(client, "phoque") == ["Un phoque"]
    assert await titles(client, "narval", editor) == []
    await newsroom.act(changed, "withdraw", public_note="Faux.")
    for headers in ({}, editor):
        assert await titles(client, "phoque", headers) == []


async def test_a_gate_that_is_raised_or_taken_away_counts_at_once(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    one = await gated(newsroom, clock, "Un", {"requires": "free"})
    assert await titles(client, "cachalot") == ["Un"]
    one = await newsroom.act(await newsroom.edit(one, access=GOLD), "publish")
    assert await titles(client, "cachalot") == []
    await newsroom.act(await newsroom.edit(one, access={"requires": "free", "plans": []}), "publish")
    assert await titles(client, "cachalot") == ["Un"]


async def test_no_address_says_what_was_looked_for(
    client: AsyncClient, newsroom: Newsroom, clock: Clock, people: People
) -> None:
    for title in ("Un", "Deux"):
        await gated(newsroom, clock, title, GOLD)
    headers = await people.headers("subscriber", plans=("gold",))
    response = await client.get(
        "/v1/search", params={"q": "cachalot", "limit": 1, "language": "fr"}, headers=headers
    )
    link = response.headers["link"]
    assert "cachalot" not in link
    assert "language=fr" in link
    address = link.partition(">")[0].removeprefix("<")
    following = await client.get(address, headers=headers)
    assert [one["title"] for one in following.json()["items"]] == ["Un"]
    cursor = response.json()["next_cursor"]
    for query in ({"q": "narval"}, {"q": "cachalot", "language": "en"}):
        refused = await client.get("/v1/search", params={**query, "cursor": cursor}, headers=headers)
        assert refused.status_code == 400
    refused = await client.get("/v1/search", params={"cursor": cursor, "language": "fr", "limit": 1})
    assert refused.status_code == 400, "it is bound to the rights of who got it"
