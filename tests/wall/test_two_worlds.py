"""Two worlds that differ only in what is hidden answer everybody without the right alike, byte for byte."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.settings import Settings
from tests.newsroom import Json
from tests.wall.canaries import unpacked
from tests.wall.named import first_id
from tests.wall.worlds import GATES, HIDDEN_FROM, World, a_world

PERSONS = ("anonymous", "reader", "subscriber", "covered")
DEEP = [pytest.param(seed, one, marks=pytest.mark.deep) for seed in (4, 5, 6) for one in PERSONS]
DEEP += [pytest.param(seed, "licensed", marks=pytest.mark.deep) for seed in (5, 6)]
PARTLY = [(3, "covered"), (4, "licensed")]
REQUESTS = 20
FORMS = ("ninjs", "jsonld", "html", "markdown", "text")
FACTS = frozenset({"remaining_percent", "reading_minutes", "timeRequired"})
_REQUEST_ID = re.compile(rb'"request_id":"[0-9a-f]{32}"')


@dataclass(frozen=True)
class Request:
    """Something to ask; its cursors and entity tags are those of the world that is asked."""

    path: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"


def requests(seed: int) -> Iterator[Request]:
    """Every resource once, and then what a seeded chance asks of every reading operation."""
    luck = random.Random(seed)
    articles = ["free 0", "free 1", *(f"{gate} {cut}" for gate in GATES for cut in ("word", "sentence", "block"))]
    slugs = [*(name.replace(" ", "-") for name in articles), "secret-before-0", "secret-gold-word", "newer"]
    ids = [first_id(f"article {name}") for name in articles]
    hidden = [first_id("secret before 0"), first_id("gone before 0"), first_id("gone gold word")]
    names = [
        "sea",
        "land",
        "sea-writer",
        "land-writer",
        "secret-gold-word",
        "nothing",
        "old-sea",
        "old-sea-writer",
    ]
    names += [f"{old}-secret-gold-word{once}" for old in ("renamed", "merged") for once in ("", "-once")]
    media = [first_id("lead"), first_id("more secrets before 0"), first_id("nothing")]
    singles = [f"/v1/articles/{one}" for one in (*slugs, *ids, *hidden)]
    singles += [f"/v1/articles/{one}/{form}" for one in (*slugs, hidden[0]) for form in FORMS]
    singles += [f"/v1/articles/{one}?body_format={form}" for one in slugs for form in FORMS[2:]]
    singles += ["/sitemap.xml", "/sitemaps/2026-01-1.xml", "/news-sitemap.xml", "/robots.txt"]
    singles += [f"/v1/{kind}/{name}" for kind in ("tags", "contributors") for name in names]
    singles += [f"/media/{one}/{form}" for one in media for form in ("original", "small", "square", "nothing")]
    singles += ["/v1/me", "/healthz", "/v1/admin/plans", "/v1/admin/events"]
    singles += [f"/v1/editorial/{kind}" for kind in ("articles", "media", "tags", "contributors")]
    singles += [f"/v1/editorial/articles/{one}" for one in (ids[-1], hidden[0])]
    lists: dict[str, dict[str, list[str]]] = {
        "/v1/articles": {
            "tag": ["sea", "land", "sea,land", "old-sea,land", "secret-gold-word", "sea,merged-secret-gold-word"],
            "contributor": ["sea-writer", "land-writer", "old-sea-writer", "secret-gold-word"],
            "language": ["en", "fr", "de"],
            "access": ["free", "registered", "subscriber"],
            "section": ["sea", "coast"],
            "limit": ["1", "2", "5", "100"],
        },
        **{
            f"/v1/feeds/{feed}": {
                "tag": ["sea", "land", "sea,land", "old-sea", "secret-gold-word", "merged-secret-gold-word"],
                "language": ["en", "fr", "de"],
            }
            for feed in ("rss.xml", "atom.xml", "feed.json")
        },
        "/v1/search": {
            "q": [
                "v",
                "w0*",
                "Two words",
                "picture",
                "newer",
                '"v v v"',
                "secret*",
                "then",
                "hidden gold",
                "free",
            ],
            "tag": ["sea", "secret-gold-word"],
            "access": ["free", "subscriber"],
            "language": ["en", "fr"],
            "limit": ["1", "2", "100"],
        },
        "/v1/tags": {"kind": ["topic", "section"], "limit": ["1", "2"]},
        "/v1/contributors": {"limit": ["1", "2"]},
    }
    yield from (Request(path) for path in (*singles, *lists))
    yield from (Request("/v1/search", {"q": q, "limit": "2"}) for q in lists["/v1/search"]["q"])
    for _ in range(REQUESTS):
        headers = luck.choice(
            [{}, {"Accept-Encoding": luck.choice(["br", "gzip", "zstd"])}, {"Range": "bytes=0-20"}]
        )
        method = luck.choice(["GET", "GET", "GET", "HEAD", "OPTIONS"])
        if luck.random() < 0.4:
            path, params = luck.choice(singles), {}
            if "/articles/" in path:
                params = luck.choice([{}, {"language": luck.choice(["en", "fr"])}])
        else:
            path = luck.choice(list(lists))
            chosen = luck.sample(sorted(lists[path]), luck.randint(0, len(lists[path])))
            params = {name: luck.choice(lists[path][name]) for name in chosen}
        yield Request(path, params, headers, method)


Answered = tuple[str, int, list[tuple[str, str]], bytes]


async def answers(world: World, person: str, seed: int) -> list[Answered]:
    """Ask everything, follow every page, and ask again with the entity tag that came."""
    found: list[Answered] = []
    for request in requests(seed):
        path, params, headers = request.path, dict(request.params), {**world.headers[person], **request.headers}
        for page in range(4):
            response = await world.client.request(request.method, path, params=params, headers=headers)
            fields = [(name, value) for name, value in response.headers.multi_items() if name != "date"]
            coding = response.headers.get("content-encoding", "")
            body = unpacked(coding, response.content) if coding == "zstd" else response.content  # httpx can't
            body = _REQUEST_ID.sub(b'"request_id":""', body)
            found.append((f"{request} page {page}", response.status_code, fields, body))
            if response.status_code == 200 and (tag := response.headers.get("etag")):
                again = await world.client.request(
                    request.method, path, params=params, headers={**headers, "If-None-Match": tag}
                )
                found.append((f"{request} again", again.status_code, [], again.content))
            following = json.loads(body).get("next_cursor") if body.startswith(b'{"items"') else None
            if not following:
                break
            params["cursor"] = following
    return found


def same(here: list[Answered], there: list[Answered]) -> None:
    assert len(here) == len(there)
    for mine, theirs in zip(here, there, strict=True):
        assert mine[3] == theirs[3], mine[0]
        assert mine == theirs


def same_but_for_two_facts(here: list[Answered], there: list[Answered]) -> None:
    same([_without_facts(one) for one in here], [_without_facts(one) for one in there])


def _without_facts(answered: Answered) -> Answered:
    request, status, fields, body = answered
    kept = [(name, value) for name, value in fields if name not in {"etag", "content-length"}]
    if body.startswith(b"{"):
        body = json.dumps(_stripped(json.loads(body))).encode()
    return request, status, kept, body


def _stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [_stripped(one) for one in value]
    if isinstance(value, dict):
        return {name: None if name in FACTS else _stripped(one) for name, one in value.items()}
    return value


@pytest.mark.parametrize(("seed", "person"), [(1, "anonymous"), (2, "subscriber"), *PARTLY, *DEEP])
async def test_hidden_text_of_as_many_words_makes_no_difference(
    settings: Settings, seed: int, person: str
) -> None:
    found = []
    for luck in "ab":
        async with a_world(settings, seed, luck, varied=HIDDEN_FROM[person], words=300) as world:
            found.append(await answers(world, person, seed))
    same(*found)


@pytest.mark.parametrize(("seed", "person"), [(1, "partner"), (2, "reader"), (3, "cashier"), *PARTLY, *DEEP])
async def test_hidden_blocks_and_their_number_show_in_two_facts_alone(
    settings: Settings, seed: int, person: str
) -> None:
    found = []
    for luck, count in (("a", 70), ("b", 600)):
        async with a_world(settings, seed, luck, varied=HIDDEN_FROM[person], words=count) as world:
            found.append(await answers(world, person, seed))
    same_but_for_two_facts(*found)
    assert found[0] != found[1], "the worlds don't differ"


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(2, 6))])
async def test_drafts_and_what_was_unpublished_make_no_difference(settings: Settings, seed: int) -> None:
    found = []
    for extra in (True, False):
        async with a_world(settings, seed, extra=extra) as world:
            found.append(
                [one for person in (*PERSONS[::2], "covered") for one in await answers(world, person, seed)]
            )
    same(*found)


async def test_the_worlds_can_be_told_apart_by_who_may_read_everything(settings: Settings) -> None:
    found: list[Json] = []
    for luck in "ab":
        async with a_world(settings, 1, luck, varied=HIDDEN_FROM["anonymous"], words=300) as world:
            response = await world.client.get("/v1/articles/gold-word", headers=world.headers["editor"])
            found.append(response.json())
    assert found[0]["body"][:1] == found[1]["body"][:1]
    assert found[0]["body"][1:] != found[1]["body"][1:]
    assert found[0]["reading_minutes"] == found[1]["reading_minutes"]
