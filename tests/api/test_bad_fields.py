"""Fields of wrong types, unknown ones, and text that cannot be kept: at every place of every JSON body."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.forms import Form, forms
from tests.newsroom import Json, Newsroom, People
from tests.raw import MARKER, Answer, everything_kept, refused, send_raw

Path = tuple[str | int, ...]
FREE = "extensions"  # whatever is in there is the publisher's own business
WRONG: dict[type, list[Any]] = {
    str: [17, 1.5, True, [MARKER], {MARKER: 1}],
    int: [MARKER, "1", 1.5, True, [1], {}, -1, 10**9, 10**30],
    float: [MARKER, "1", True, [1], {}, -1, 1.5, 10**30],
    bool: [MARKER, "true", 1, 0, False, [True], {}],
    list: [MARKER, 17, True, {}, [[]], [None], [{}], [17]],
    dict: [MARKER, 17, True, [], [{}]],
    type(None): [],
}
SURROGATES = ("\x00", f"{MARKER}\x00", "\ud800", f"a\udfff{MARKER}")


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place in a JSON value, but for what is the publisher's own."""
    if path:
        yield path, value
    if path == (FREE,):
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from places(inner, (*path, name))


def changed(body: Json, path: Path, change: Callable[[Any, Any], None]) -> bytes:
    spoiled = copy.deepcopy(body)
    here: Any = spoiled
    for step in path[:-1]:
        here = here[step]
    change(here, path[-1])
    return json.dumps(spoiled).encode()


def put(value: Any) -> Callable[[Any, Any], None]:
    def change(here: Any, name: Any) -> None:
        here[name] = value

    return change


@pytest.fixture
async def newsroom(client: AsyncClient, people: People) -> Newsroom:
    """Whoever may use every operation."""
    return Newsroom(client, await people.headers("admin", "partner"))


def told_at(problem: Json, path: Path) -> bool:
    """Whether some flaw is told at this place, around it, or in it."""
    pointer = "".join(f"/{step}" for step in path)
    flaws = [flaw["pointer"] for flaw in problem["errors"]]
    return any(pointer.startswith(flaw) or flaw.startswith(pointer) for flaw in flaws)


FLAGS = {("is_offered",), ("is_blocked",), ("may_be_syndicated",), ("access", "metered")}  # they may be false
WITH_NONE = {("articles", "sources")}  # a list that may name nobody


class Desk:
    """Sends spoiled forms."""

    def __init__(self, app: FastAPI, newsroom: Newsroom, tried: dict[str, Form]) -> None:
        self.app, self.newsroom, self.tried = app, newsroom, tried

    async def send(self, form: Form, body: bytes) -> Answer:
        headers = {**self.newsroom.headers, "If-Match": '"1"', "Content-Type": "application/json"}
        return await send_raw(self.app, form.method, form.path, headers=headers, body=body)


@pytest.fixture
async def desk(app: FastAPI, newsroom: Newsroom) -> Desk:
    return Desk(app, newsroom, await forms(newsroom))


@pytest.mark.parametrize("database_kind", ["sqlite"])  # refused before any database is asked
async def test_a_value_of_a_wrong_type_is_refused_where_it_stands(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for name, form in desk.tried.items():
        for path, value in places(form.body):
            for wrong in WRONG[type(value)]:
                if (wrong is False and path in FLAGS) or (wrong == [None] and path in WITH_NONE):
                    continue
                note = (name, path, wrong)
                answer = await desk.send(form, changed(form.body, path, put(wrong)))
                assert told_at(refused(answer, 422, note=note), path), (note, answer.text)
    assert await everything_kept(desk.app) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_unknown_field_is_refused_at_every_level(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for name, form in desk.tried.items():
        levels = [path for path, value in places(form.body) if isinstance(value, dict)]
        for path in ((), *(one for one in levels if one not in {(FREE,), ("names",)})):
            for surplus in ("surplus", "Title", "TITLE", "_id", "__proto__", "body_xml", "sur/plus~"):
                for value in (MARKER, None):  # a merge patch would take the second away, were it there
                    body = changed(form.body, (*path, surplus), put(value))
                    problem = refused(await desk.send(form, body), 422, note=(name, path, surplus))
                    pointer = (
                        "".join(f"/{step}" for step in path) + "/" + surplus.replace("~", "~0").replace("/", "~1")
                    )
                    assert [flaw["pointer"] for flaw in problem["errors"]] == [pointer]
    assert await everything_kept(desk.app) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_the_program_calls_a_field_inside_is_unknown_outside(desk: Desk) -> None:
    create = desk.tried["create_article"]
    text = {"_type": "block", "children": [{"_type": "span", "text": "x"}]}
    for fields, pointer in (
        ({"access": {"holds_from": "2026-01-01T00:00:00Z"}}, "/access/holds_from"),
        ({"access": {"holds_until": "2026-01-01T00:00:00Z"}}, "/access/holds_until"),
        ({"body": [{**text, "key": "a"}]}, "/body/0/key"),
        ({"body": [{**text, "list_item": "bullet", "level": 1}]}, "/body/0/list_item"),
        ({"body": [{**text, "mark_defs": []}]}, "/body/0/mark_defs"),
        ({"body": [{"_type": "block", "children": [{"text": "x", "key": "a"}]}]}, "/body/0/children/0/key"),
    ):
        body = {"title": "T", "language": "en", **fields}
        problem = refused(await desk.send(create, json.dumps(body).encode()), 422, note=fields)
        assert pointer in [flaw["pointer"] for flaw in problem["errors"]]


async def test_text_that_cannot_be_kept_is_refused_in_every_field(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for name, form in desk.tried.items():
        for path, value in [*places(form.body), ((FREE, "a"), ""), ((FREE, "a"), [["x"]])]:
            if path[0] == FREE and FREE not in form.body:
                continue
            spoiled: list[Any] = [*SURROGATES] if isinstance(value, str) else []
            spoiled += [[[SURROGATES[0]]]] if isinstance(value, list) else []
            spoiled += [{SURROGATES[1]: 1}, {SURROGATES[3]: 1}] if isinstance(value, dict) else []
            for wrong in spoiled:
                answer = await desk.send(form, changed(form.body, path, put(wrong)))
                refused(answer, 422, note=(name, path, wrong))
    assert await everything_kept(desk.app) == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_every_text_has_an_end(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for name, form in desk.tried.items():
        strings = [path for path, value in places(form.body) if isinstance(value, str)]
        for path in strings:
            answer = await desk.send(form, changed(form.body, path, put(MARKER + "a" * 100_001)))
            assert told_at(refused(answer, 422, note=(name, path)), path)
    assert await everything_kept(desk.app) == before


LIMITS: list[tuple[Json, str]] = [
    ({"title": ""}, "/title"),
    ({"title": "  "}, "/title"),
    ({"title": "x" * 301}, "/title"),
    ({"standfirst": "x" * 2001}, "/standfirst"),
    ({"slug": ""}, "/slug"),
    ({"slug": "Ab"}, "/slug"),
    ({"slug": "a--b"}, "/slug"),
    ({"slug": "-a"}, "/slug"),
    ({"slug": "é"}, "/slug"),
    ({"slug": "a\n"}, "/slug"),
    ({"slug": "a" * 201}, "/slug"),
    ({"language": ""}, "/language"),
    ({"language": "e"}, "/language"),
    ({"language": "en_GB"}, "/language"),
    ({"language": "en-"}, "/language"),
    ({"language": "en\n"}, "/language"),
    ({"kind": "A b"}, "/kind"),
    ({"tags": ["a"] * 51}, "/tags"),
    ({"related": ["x"]}, "/related/0"),
    ({"translation_of": "urn:uuid:01890000-0000-7000-8000-000000000000"}, "/translation_of"),
    ({"translation_of": "{01890000-0000-7000-8000-000000000000}"}, "/translation_of"),
    ({"access": {"requires": "licence"}}, "/access/requires"),
    ({"access": {"from": "2026-01-01T00:00:00"}}, "/access/from"),
    ({"access": {"from": "2026-01-01"}}, "/access/from"),
    ({"access": {"from": "1767225600"}}, "/access/from"),
    ({"access": {"from": 1767225600}}, "/access/from"),
    ({"access": {"from": "now"}}, "/access/from"),
    ({"access": {"from": "2026-13-01T00:00:00Z"}}, "/access/from"),
    ({"access": {"from": "0001-01-01T00:00:00+14:00"}}, "/access/from"),
    ({"access": {"until": "9999-12-31T23:59:59-14:00"}}, "/access/until"),
    ({"teaser": {"percent": 101}}, "/teaser/percent"),
    ({"teaser": {"words": 5, "boundary": "letter"}}, "/teaser/boundary"),
    ({"teaser": {"marker": False}}, "/teaser/marker"),
    ({"source": {"url": "https://a.test/"}}, "/source/name"),
    ({"source": {"name": "x", "url": "javascript:alert(1)"}}, "/source/url"),
    ({"source": {"name": "x", "published_at": "yesterday"}}, "/source/published_at"),
    ({"credits": [{"role": "king", "contributor": "ada"}]}, "/credits/0/role"),
    ({"extensions": {"A": 1}}, "/extensions/A"),
    ({"extensions": {"a": "x" * 20_001}}, "/extensions"),
    ({"extensions": {f"a{at}": 1 for at in range(51)}}, "/extensions"),
    ({"body_html": "x" * 500_001}, "/body_html"),
    ({"body_markdown": "x" * 500_001}, "/body_markdown"),
]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_every_field_has_its_bounds(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    create = desk.tried["create_article"]
    for fields, pointer in LIMITS:
        body = {"title": "T", "language": "en", **fields}
        problem = refused(await desk.send(create, json.dumps(body).encode()), 422, note=fields)
        flaws = [flaw["pointer"] for flaw in problem["errors"]]
        assert flaws, fields
        assert all(flaw == pointer or flaw.startswith(f"{pointer}/") for flaw in flaws), (pointer, flaws)
    assert await everything_kept(desk.app) == before


async def test_numbers_of_a_publishers_own_are_kept_as_they_are(desk: Desk) -> None:
    create = desk.tried["create_article"]
    kept = {"a": [0, -1, 2**53, 2**63, -(2**64), 10**300, 1.5, 1e300, -0.0, 5e-324]}
    body = json.dumps({"title": "T", "language": "en", "extensions": kept}).encode()
    made = await desk.send(create, body)
    assert made.status == 201
    read = await send_raw(desk.app, "GET", f"{create.path}/{made.json()['id']}", headers=desk.newsroom.headers)
    assert read.json()["extensions"] == kept
