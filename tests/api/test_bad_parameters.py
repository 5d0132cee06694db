"""Addresses, parameters, forms and cursors that nobody was given: refused without being quoted."""

from urllib.parse import quote

import pytest
from fastapi import FastAPI

from api.app import application
from infra.settings import Settings
from tests.api.forms import operations
from tests.newsroom import Newsroom, People, somewhere
from tests.raw import MARKER, everything_kept, refused, send_raw

PAGES = (
    "/v1/articles",
    "/v1/tags",
    "/v1/contributors",
    "/v1/editorial/articles",
    "/v1/editorial/media",
    "/v1/editorial/tags",
    "/v1/editorial/contributors",
)
REPEATABLE = "limit=1&limit=2"
BAD = [
    "0",
    "101",
    "-1",
    "x",
    "1e3",
    "1.5",
    "",
    " ",
    "٣",
    "1_0",
    "0x10",
    "9" * 5_000,
    "NaN",
    "+5",
    "05.0",
    "true",
    "%00",
    "%FF",
    MARKER,
]
IDS = [
    "{%s}",
    "urn:uuid:%s",
    "%s0",
    " %s",
    "%s%%00",
    "%s%%0A",
]
SOMEBODY = "01890000-0000-7000-8000-00000000dead"


def gets() -> list[tuple[str, str]]:
    contract = application(Settings(_env_file=None)).openapi()
    return [
        (path, operation["operationId"])
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if method == "get"
    ]


async def test_unknown_and_repeated_parameters_are_refused_everywhere(app: FastAPI, newsroom: Newsroom) -> None:
    for path, name in gets():
        target = somewhere(path)
        for query in (
            "surplus=1",
            f"x={MARKER}",
            "Limit=1",
            "%00=1",
            f"{MARKER}%3Cscript%3E=1",
            "=1",
            "limit[]=1",
            "a",
        ):
            answer = await send_raw(app, "GET", f"{target}?{query}", headers=newsroom.headers)
            problem = refused(answer, 400, note=(name, query))
            assert [list(flaw) for flaw in problem["errors"]] == [["parameter", "detail"]]
    for path in PAGES:
        for query in (REPEATABLE, "cursor=a&cursor=b"):
            refused(await send_raw(app, "GET", f"{path}?{query}", headers=newsroom.headers), 400, note=path)


async def test_writes_refuse_unknown_parameters_too(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    for kind in ("application/json", "multipart/form-data", "application/x-www-form-urlencoded"):
        for name, (method, path, _) in operations(kind).items():
            target = somewhere(path)
            for query in ("dry-run=true", f"surplus={MARKER}"):
                answer = await send_raw(app, method, f"{target}?{query}", headers=newsroom.headers)
                refused(answer, 400, note=name)
    for value in (MARKER, "", "2", "maybe", "true&dry_run=true"):
        target = f"/v1/editorial/articles?dry_run={value}"
        headers = {**newsroom.headers, "Content-Type": "application/json"}
        body = b'{"title": "T", "language": "en"}'
        refused(await send_raw(app, "POST", target, headers=headers, body=body), 400, note=value)
    assert await everything_kept(app) == before


async def test_a_bad_limit_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    for path in PAGES:
        for value in BAD:
            answer = await send_raw(app, "GET", f"{path}?limit={quote(value, safe='%')}", headers=newsroom.headers)
            problem = refused(answer, 400, note=(path, value[:20]))
            assert [flaw["parameter"] for flaw in problem["errors"]] == ["limit"]


async def test_a_bad_filter_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    bad = {
        "/v1/articles": {
            "language": ["", "e", "en_GB", MARKER * 5, "%00", "en%0A", "٣"],
            "access": ["", "Free", MARKER, "free,registered"],
            "tag": ["", ",", "a,", "A", "a%00", "é", "a b", ",".join("abcdefghijk"), MARKER.upper(), "a" * 2101],
            "contributor": ["", "A", "a/b", "%00", SOMEBODY, "a" * 201],
        },
        "/v1/search": {"q": ["", "%22", f"{MARKER}*" * 30, "%00"], "cursor": ["x", MARKER], "fields": [MARKER]},
        "/v1/articles/nowhere": {"language": ["", MARKER * 5, "%00"]},
        "/v1/tags": {"kind": ["", MARKER, "Topic"]},
        "/v1/editorial/articles": {"state": ["", MARKER, "live", "DRAFT"]},
        f"/media/{SOMEBODY}/original": {"expires": ["-1", "x", "9" * 30, ""], "signature": ["a" * 101]},
    }
    for path, parameters in bad.items():
        for name, values in parameters.items():
            for value in values:
                target = f"{path}?{name}={quote(value, safe='%')}"
                problem = refused(
                    await send_raw(app, "GET", target, headers=newsroom.headers), 400, note=target[:80]
                )
                assert [flaw["parameter"] for flaw in problem["errors"]] == [name]


async def test_made_up_cursors_are_refused(app: FastAPI, newsroom: Newsroom, people: People) -> None:
    for name in ("one", "two", "three"):
        await newsroom.tag(name)
        await newsroom.contributor(name)
        credited = {"tags": [name], "credits": [{"role": "author", "contributor": name}]}
        await newsroom.published(slug=name, **credited)
        await newsroom.medium()
    given = {}
    for path in PAGES:
        page = await send_raw(app, "GET", f"{path}?limit=2", headers=newsroom.headers)
        given[path] = page.json()["next_cursor"]
    reader = await people.headers("subscriber")
    for path, own in given.items():
        good = await send_raw(app, "GET", f"{path}?limit=2&cursor={own}", headers=newsroom.headers)
        assert (good.status, good.json()["next_cursor"]) == (200, None)
        others = [cursor for other, cursor in given.items() if other != path]
        flipped = own[:5] + ("A" if own[5] != "A" else "B") + own[6:]
        made_up = ["", "x", MARKER, "=", "%00", "é", "A" * 40, "A" * 600, own[:-1], own[:10], own + "A", flipped]
        for cursor in (*made_up, *others, own[::-1], own + "%0A", f"%20{own}"):
            answer = await send_raw(
                app, "GET", f"{path}?limit=2&cursor={quote(cursor, safe='%')}", headers=newsroom.headers
            )
            problem = refused(answer, 400, note=(path, cursor))
            assert [flaw["parameter"] for flaw in problem["errors"]] == ["cursor"]
        if "editorial" not in path:
            for headers in ({}, reader):
                refused(
                    await send_raw(app, "GET", f"{path}?limit=2&cursor={own}", headers=headers), 400, note=path
                )
    filtered = await send_raw(
        app, "GET", f"/v1/articles?limit=2&language=en&cursor={given['/v1/articles']}", headers=newsroom.headers
    )
    refused(filtered, 400)


async def test_made_up_addresses_are_not_there(app: FastAPI, newsroom: Newsroom) -> None:
    article, medium = await newsroom.published(slug="piece"), await newsroom.medium()
    for folder, one in (("articles", article["id"]), ("media", medium["id"])):
        for shape in IDS:
            target = f"/v1/editorial/{folder}/{quote(shape % one, safe='%')}"
            refused(await send_raw(app, "GET", target, headers=newsroom.headers), 404, note=target)
        for bad in (one.replace("-", ""), "1", "-1", MARKER, "%00", "..", "%2e%2e", "a" * 5_000, SOMEBODY, "null"):
            target = f"/v1/editorial/{folder}/{bad}"
            refused(await send_raw(app, "GET", target, headers=newsroom.headers), 404, note=target[:80])
        upper = await send_raw(app, "GET", f"/v1/editorial/{folder}/{one.upper()}", headers=newsroom.headers)
        assert upper.json()["id"] == one
    for path in (
        "/v1/articles",
        "/v1/tags",
        "/v1/contributors",
        "/v1/editorial/tags",
        "/v1/editorial/contributors",
    ):
        for bad in (
            "Piece",
            "pi--ece",
            "-",
            "%00",
            "piece%00",
            "piece%0A",
            "%FF",
            "é",
            MARKER,
            "a" * 5_000,
            "'--",
            "%25",
        ):
            answer = await send_raw(app, "GET", f"{path}/{quote(bad, safe='%')}", headers=newsroom.headers)
            refused(answer, 404, note=(path, bad[:20]))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_token_endpoint_takes_plain_forms_only(app: FastAPI) -> None:
    before = await everything_kept(app)
    kind = "application/x-www-form-urlencoded"
    secret = MARKER.encode()
    bodies = [
        b"",
        b"&&&",
        b"=",
        secret,
        b"grant_type=" + secret,
        b"grant_type=password",
        b"grant_type=password&username=%00&password=" + secret,
        b"grant_type=password&username=%FF%FE&password=" + secret,
        b"grant_type=password&username=a&username=b&password=" + secret,
        b"grant_type=password&username=%ED%A0%80&password=" + secret,
        b"grant_type=password&username=" + b"a" * 5_000 + b"&password=" + secret,
        b"grant_type=password&username=a&password=" + secret * 1_000,
        b"grant_type=refresh_token&refresh_token=" + secret,
        b"grant_type=refresh_token&refresh_token=%00",
        b"grant_type=client_credentials&client_id=a&client_id=b&client_secret=" + secret,
        b"grant_type=client_credentials&client_id=a&client_secret=%00" + secret,
        b"token=%00&token=" + secret,
        b"a=b&" * 5_000,
        b'{"grant_type": "password"}',
    ]
    for path in ("/v1/auth/token", "/v1/auth/revoke"):
        for body in bodies:
            answer = await send_raw(app, "POST", path, headers={"Content-Type": kind}, body=body)
            refused(answer, 400, note=(path, body[:50]))
        for other in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
            refused(
                await send_raw(app, "POST", path, headers={"Content-Type": other}, body=b"token=x"),
                415,
                note=other,
            )
        large = b"token=" + b"x" * (10 * 1024 * 1024)
        refused(await send_raw(app, "POST", path, headers={"Content-Type": kind}, body=large), 413)
        pieces = (large[at : at + 65_536] for at in range(0, len(large), 65_536))
        answer = await send_raw(app, "POST", path, headers={"Content-Type": kind}, body=pieces)
        refused(answer, 400, 413)  # a field of a form ends sooner than the body
        assert answer.bytes_read < 3 * 1024 * 1024
    assert await everything_kept(app) == before
