"""The SQL that is really sent: no gated column for those without the right, and a fixed number of statements."""

from itertools import product

import pytest
from fastapi import FastAPI

from infra.settings import Settings
from tests.conftest import DATABASES
from tests.newsroom import Clock, Json, Newsroom, Office, People, paragraph, png, words
from tests.oidc import Provider
from tests.wall import walk
from tests.wall.corpus import Corpus
from tests.wall.statements import naming_gated, statements_of

FORMS = frozenset(
    {
        *(f"read_article_as_{form}" for form in ("ninjs", "json_ld", "html", "markdown", "text")),
        *(f"read_{feed}_feed" for feed in ("rss", "atom", "json")),
        "sync_articles",
        "search_articles",
    }
)  # what shows whole texts besides the article itself
GATES: dict[str, Json] = {
    "free": {"requires": "free"},
    "registered": {"requires": "registered"},
    "subscriber": {"requires": "subscriber"},
    "gold": {"requires": "subscriber", "plans": ["gold"]},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing is kept, so that each request asks for itself."""
    return settings.model_copy(update={"cache_bytes": 0})


NUMBERS = {
    "/v1/articles?limit=20": 2,
    "/v1/articles?limit=20&tag=sea,land&contributor=known&language=en&access=subscriber": 4,
    "/v1/articles?ids=01890000-0000-7000-8000-00000000dead&related_to=nothing-here": 2,
    "/v1/articles/nothing-here": 1,
    "/v1/tags": 2,
    "/v1/tags/sea": 2,
    "/v1/tags/old-sea": 2,
    "/v1/tags/nothing-here": 1,
    "/sitemap.xml": 2,
    "/sitemaps/2026-01-1.xml": 2,
    "/news-sitemap.xml": 2,
    "/robots.txt": 0,
    "/v1/contributors": 3,
    "/v1/contributors/known": 3,
    "/v1/contributors/nothing-here": 1,
}


async def live(newsroom: Newsroom, gate: str, number: int = 0, **fields: object) -> Json:
    return await newsroom.published(title=f"{gate} {number}", access=GATES[gate], **fields)


async def filled(newsroom: Newsroom) -> Json:
    """A gated article with one of everything that has a name."""
    for slug in ("sea", "land"):
        await newsroom.tag(slug)
    await newsroom.tag("old-sea")
    await newsroom.send("POST", "/tags/old-sea/merge", version=1, json={"into": "sea"})
    await newsroom.contributor("known", media_id=(await newsroom.medium(png(shade=8)))["id"])
    other, medium = await live(newsroom, "free"), await newsroom.medium()
    image = {"_type": "image", "media_id": medium["id"]}
    also = {"_type": "related", "article_id": other["id"]}
    return await live(
        newsroom,
        "subscriber",
        body=[paragraph(words(9)), image, also, paragraph(words(90))],
        tags=["sea", "land"],
        section="sea",
        credits=[{"role": "author", "contributor": "known"}],
        lead_image={"media_id": medium["id"]},
        related=[other["id"]],
        translation_of=other["id"],
    )


WITHOUT = ("anonymous", "subscriber", "covered", "outsider", "program", "reader", "till")
IN_TURNS = [
    pytest.param(DATABASES[(at + turn) % 2], person, marks=[pytest.mark.deep] if turn and at > 1 else [])
    for at, person in enumerate(WITHOUT)
    for turn in range(2)
]  # a quarter of a minute each: all but the first two on one database in turn, and on the other in the deep run


@pytest.mark.parametrize(("database_kind", "person"), IN_TURNS, indirect=["database_kind"])
async def test_nobody_without_the_right_has_gated_columns_read_by_any_operation(
    corpus: Corpus, app: FastAPI, person: str
) -> None:
    await reads_no_gated_column(corpus, app, person)


async def reads_no_gated_column(corpus: Corpus, app: FastAPI, person: str) -> None:
    opened = await publications_read_whole(corpus, app, person)
    for operation in walk.operations(app):
        if operation.id == "read_preview":
            continue  # whoever has the token has the right; without a good one no draft is asked for: below
        requests = (
            walk.reads(app, corpus, operation)
            if operation.method == "get"
            else walk.writes(app, corpus, operation)
        )
        for asked in requests:
            with statements_of(app) as sent:
                answer = await walk.send(corpus, person, asked)
            assert person != "anonymous" or not any("search_whole" in statement for statement in sent)
            if operation.id == "read_article" and b'"granted":"full"' in answer.body:
                assert sent.opened <= opened
                assert not any("revisions" in statement for statement in sent)
            elif operation.id in FORMS:
                assert sent.opened <= opened, (asked.path, sent)
                assert not any("revisions" in statement for statement in sent)
            else:
                assert not naming_gated(sent), (asked.path, sent)
    assert opened


async def publications_read_whole(corpus: Corpus, app: FastAPI, person: str) -> set[str]:
    """What this person may read whole, as the articles themselves say."""
    headers, opened, cursor = corpus.headers[person], set[str](), ""
    while cursor is not None:
        asked = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        page = (await corpus.client.get("/v1/articles", params=asked, headers=headers)).json()
        cursor = page["next_cursor"]
        for card in page["items"]:
            with statements_of(app) as sent:
                await corpus.client.get(f"/v1/articles/{card['id']}", headers=headers)
            assert bool(sent.opened) == (card["access"]["granted"] == "full")
            opened |= sent.opened
    return opened


async def test_a_preview_that_is_over_has_no_draft_read(app: FastAPI, newsroom: Newsroom) -> None:
    article = await newsroom.draft()
    path = f"/articles/{article['id']}/previews"
    made = (await newsroom.send("POST", path)).json()
    with statements_of(app) as sent:
        assert (await newsroom.client.get(made["url"])).status_code == 200
    assert len(naming_gated(sent)) == 1
    assert len(sent) == 4
    await newsroom.send("DELETE", f"{path}/{made['id']}", version=1)
    for token in (made["token"], made["token"][:-2] + "AA"):
        with statements_of(app) as sent:
            assert (await newsroom.client.get(f"/v1/previews/{token}")).status_code == 404
        assert not naming_gated(sent)


async def test_a_teaser_is_read_from_teasers(app: FastAPI, newsroom: Newsroom, people: People) -> None:
    await live(newsroom, "gold")
    variants: tuple[dict[str, str], ...] = ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-9"})
    for role in ("anonymous", "reader", "partner", "contributor", "subscriber"):
        headers = await people.headers(role)
        for method, variant in product(("GET", "HEAD"), variants):
            with statements_of(app) as sent:
                await newsroom.client.request(method, "/v1/articles/gold-0", headers={**headers, **variant})
            assert not naming_gated(sent)
            assert sum("teasers" in statement for statement in sent) == 1


@pytest.mark.parametrize("role", ["subscriber", "editor"])
async def test_the_whole_text_is_read_once_and_after_all_that_decides(
    app: FastAPI, newsroom: Newsroom, people: People, role: str
) -> None:
    await live(newsroom, "subscriber")
    headers = await people.headers(role)
    with statements_of(app) as sent:
        await newsroom.client.get("/v1/articles/subscriber-0", headers=headers)
    (at,) = naming_gated(sent)
    account, header = "FROM accounts", "FROM publications"
    assert [name in sent[place] for place, name in ((0, account), (1, header))] == [True, True]
    assert at == 2
    assert "revisions" not in "".join(sent)


@pytest.mark.parametrize(("role", "number"), [("anonymous", 4), ("reader", 5), ("subscriber", 4), ("editor", 4)])
async def test_an_article_takes_this_many_statements(
    app: FastAPI, newsroom: Newsroom, people: People, role: str, number: int
) -> None:
    """One more where it is refused: for what would open it."""
    article = await filled(newsroom)
    headers = await people.headers(role)
    for reference in (article["slug"], article["id"]):
        with statements_of(app) as sent:
            answer = await newsroom.client.get(f"/v1/articles/{reference}", headers=headers)
        assert answer.status_code == 200
        assert len(sent) == number


async def test_an_outsider_s_reading_takes_as_many_and_writes_once(
    app: FastAPI, newsroom: Newsroom, clock: Clock, provider: Provider
) -> None:
    article = await filled(newsroom)
    for turn in range(3):
        headers = provider.bearer(clock, "abonne", jti=str(turn))
        with statements_of(app) as sent:
            answer = await newsroom.client.get(f"/v1/articles/{article['slug']}", headers=headers)
        assert answer.json()["access"]["granted"] == "full"
        writes = [statement for statement in sent if statement.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert len(writes) == (0 if turn else 3), "the account, the identity and the event"
        reads = [statement for statement in sent if statement.startswith("SELECT")]
        assert len(reads) == (4 if turn else 7)
        assert len(naming_gated(sent)) == 1


@pytest.mark.parametrize(
    ("opens", "more"),
    [("everything", 0), ({"tags": ["land"]}, 1), ({"sections": ["sea"]}, 1), ({}, 1), (None, 0)],
)
async def test_a_plan_takes_one_more_where_it_opens_tags_or_what_is_asked_for_is_refused(
    app: FastAPI, newsroom: Newsroom, office: Office, people: People, opens: Json | str | None, more: int
) -> None:
    article = await filled(newsroom)
    account = await people.add("reader" if opens is not None else "subscriber")
    await office.plan("coast", opens=opens or {})
    if opens is not None:
        await office.subscribe(account.id, "coast")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    paths = {
        f"/v1/articles/{article['slug']}": 4 + more,
        "/v1/articles": 3 + bool(opens) * more,
        "/v1/tags": 3 + bool(opens) * more,
    }
    for path, number in paths.items():
        with statements_of(app) as sent:
            answer = await newsroom.client.get(path, headers=headers)
        assert answer.status_code == 200
        assert len(sent) == number, (path, sent)


@pytest.mark.parametrize("role", ["anonymous", "subscriber"])
async def test_a_list_takes_as_many_statements_however_long_it_is(
    app: FastAPI, newsroom: Newsroom, people: People, role: str
) -> None:
    headers, account = await people.headers(role), 0 if role == "anonymous" else 1
    await filled(newsroom)
    names = {"tags": ["sea", "land"], "credits": [{"role": "author", "contributor": "known"}]}
    for more in (0, 4):
        for at in range(more):
            await live(newsroom, "subscriber", at + 1, **names)
        for path, number in NUMBERS.items():
            with statements_of(app) as sent:
                await newsroom.client.get(path, headers=headers)
            assert len(sent) == number + account, (path, sent)


FEEDS = {
    "/v1/feeds/rss.xml": 4,  # articles, whole texts, teasers, names
    "/v1/feeds/atom.xml?tag=sea,land&language=en": 4,  # the shortest heading; all behind one gate
    "/v1/sync?limit=100": 8,  # moments, which database, where to begin, changes, and the same four
    "/v1/feeds/feed.json?tag=nothing-here": 1,
}


@pytest.mark.parametrize("role", ["anonymous", "reader"])
async def test_a_feed_takes_as_many_statements_however_long_it_is(
    app: FastAPI, newsroom: Newsroom, people: People, role: str
) -> None:
    headers, account = await people.headers(role), 0 if role == "anonymous" else 1
    await filled(newsroom)
    for more in (0, 4):
        for at in range(more):
            await live(newsroom, "subscriber", at + 1, tags=["sea", "land"])
        for path, number in FEEDS.items():
            with statements_of(app) as sent:
                await newsroom.client.get(path, headers=headers)
            assert len(sent) == number + account, (path, sent)


@pytest.mark.parametrize("role", ["anonymous", "subscriber"])
@pytest.mark.parametrize("query", ["", "?expires=99999999999&signature=wrong"])
async def test_a_picture_takes_two_statements_and_the_account_s(
    app: FastAPI, newsroom: Newsroom, people: People, role: str, query: str
) -> None:
    medium, headers = await newsroom.medium(), await people.headers(role)
    await live(newsroom, "free", lead_image={"media_id": medium["id"]})
    with statements_of(app) as sent:
        answer = await newsroom.client.get(f"/media/{medium['id']}/original{query}", headers=headers)
    assert answer.status_code == 200
    assert len(sent) == (2 if role == "anonymous" else 3)


async def test_who_you_are_takes_two_statements(app: FastAPI, newsroom: Newsroom, people: People) -> None:
    headers = await people.headers("subscriber", plans=("gold",))
    with statements_of(app) as sent:
        await newsroom.client.get("/v1/me", headers=headers)
    assert len(sent) == 2
