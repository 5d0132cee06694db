"""Bodies that are no JSON, or none that anybody could mean, for every operation of the contract that takes it."""

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.forms import Form, forms, operations
from tests.newsroom import Newsroom, People
from tests.raw import MARKER, everything_kept, refused, send_raw

JSON = "application/json"
OPEN = {"sign_up", "confirm_email", "reset_password"}  # for people who have no account
MEBIBYTE = 1024 * 1024
BODIES: list[tuple[bytes, tuple[int, ...]]] = [
    (b"[]", (422,)),
    (b'["%s"]' % MARKER.encode(), (422,)),
    (b'"%s"' % MARKER.encode(), (422,)),
    (b"17", (422,)),
    (b"1.5", (422,)),
    (b"true", (422,)),
    (b"{", (400,)),
    (b'{"title": "%s' % MARKER.encode(), (400,)),
    (b"{'title': 'x'}", (400,)),
    (b'{"title": "x",}', (400,)),
    (b'{"title": "x"} {}', (400,)),
    (b'{"title": undefined}', (400,)),
    (b'// x\n{"title": "x"}', (400,)),
    (b" ", (400,)),
    (b"\x00", (400,)),
    (b'{"title": "a\tb"}', (400,)),
    (b'{"title": NaN}', (400,)),
    (b'{"title": Infinity}', (400,)),
    (b'{"title": -Infinity}', (400,)),
    (b'{"title": 1e400}', (422,)),
    (b'{"title": %s}' % (b"9" * 4000), (422,)),
    (b'{"title": %s}' % (b"9" * 100_000), (400,)),
    (b'{"title": "x", "title": "%s"}' % MARKER.encode(), (400,)),
    (b'{"source": {"name": "x", "name": "y"}}', (400,)),
    (b'{"title": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", (400,)),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, (400,)),
    (b"[" * 1_000_000, (400,)),
    (b'{"title": ' + b"[" * 70 + b"]" * 70 + b"}", (400,)),
    (b'{"title": "\\u0000"}', (422,)),
    (b'{"title": "\\ud800"}', (422,)),
    (b'{"title": "\\udc00\\ud800"}', (422,)),
    (b'{"a\\u0000b": 1}', (422,)),
    (b'{"\\udfff": 1}', (422,)),
    (b'{"title": "\xff"}', (400,)),
    (b'{"title": "\xed\xa0\x80"}', (400,)),
    (b'{"title": "\xc0\x80"}', (400,)),
    ('{"title": "x"}'.encode("utf-16"), (400,)),
    ('{"title": "x"}'.encode("utf-16-le"), (400,)),
    ('{"title": "x"}'.encode("utf-32"), (400,)),
    ('{"title": "x"}'.encode("utf-8-sig"), (400,)),
]


@pytest.fixture
async def newsroom(client: AsyncClient, people: People) -> Newsroom:
    """Whoever may use every operation."""
    return Newsroom(client, await people.headers("admin", "partner"))


async def test_every_operation_with_json_is_tried(newsroom: Newsroom) -> None:
    assert set(await forms(newsroom)) == set(operations(JSON))


def _headers(newsroom: Newsroom, content_type: str = JSON) -> dict[str, str]:
    return {**newsroom.headers, "If-Match": '"1"', "Content-Type": content_type}


async def test_the_requests_that_are_spoiled_here_work_when_they_are_not(app: FastAPI, newsroom: Newsroom) -> None:
    for name, form in (await forms(newsroom)).items():
        headers = {**_headers(newsroom), "If-Match": '"2"' if name == "act_on_article" else '"1"'}
        answer = await send_raw(app, form.method, form.path, headers=headers, body=json.dumps(form.body).encode())
        assert answer.status in {200, 201, 202, 409}, (name, answer.text)
        assert answer.status != 409 or name in {"edit_tag", "edit_contributor"}


@pytest.fixture
async def tried(newsroom: Newsroom) -> list[tuple[str, Form]]:
    return list((await forms(newsroom)).items())


async def test_what_is_no_json_is_refused(app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]) -> None:
    before = await everything_kept(app)
    for name, form in tried:
        for body, statuses in BODIES:
            answer = await send_raw(app, form.method, form.path, headers=_headers(newsroom), body=body)
            refused(answer, *statuses, note=(name, body[:60]))
    assert await everything_kept(app) == before


async def test_a_body_that_is_missing_is_missed(
    app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]
) -> None:
    before = await everything_kept(app)
    for name, form in tried:
        if name in {"act_on_article", "create_preview"}:
            continue  # their bodies may be left out
        for body in (b"", b"null"):
            answer = await send_raw(app, form.method, form.path, headers=_headers(newsroom), body=body)
            refused(answer, 400, 422, note=name)
        answer = await send_raw(app, form.method, form.path, headers={**newsroom.headers, "If-Match": '"1"'})
        refused(answer, 400, 415, 422, note=name)
    assert await everything_kept(app) == before


OTHER_TYPES = (
    "",
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    MARKER,
)


async def test_a_body_of_another_type_is_refused(
    app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]
) -> None:
    before = await everything_kept(app)
    for name, form in tried:
        body = json.dumps(form.body).encode()
        for given in OTHER_TYPES:
            answer = await send_raw(app, form.method, form.path, headers=_headers(newsroom, given), body=body)
            refused(answer, 415, note=(name, given))
    assert await everything_kept(app) == before


async def test_a_merge_patch_is_for_patches_only(
    app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]
) -> None:
    for name, form in tried:
        if form.method == "POST":
            headers = _headers(newsroom, "application/merge-patch+json")
            refused(await send_raw(app, form.method, form.path, headers=headers, body=b"{}"), 415, note=name)


def _chunks() -> Iterator[bytes]:
    yield b'{"title": "'
    for _ in range(10 * 16):
        yield b"x" * (MEBIBYTE // 16)
    yield b'"}'


async def test_ten_megabytes_are_refused_before_they_are_read(
    app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]
) -> None:
    before = await everything_kept(app)
    whole = b'{"title": "' + b"x" * (10 * MEBIBYTE) + b'"}'
    for name, form in tried:
        answer = await send_raw(app, form.method, form.path, headers=_headers(newsroom), body=whole)
        refused(answer, 413, note=name)
        assert answer.bytes_read == 0
        answer = await send_raw(app, form.method, form.path, headers=_headers(newsroom), body=_chunks())
        refused(answer, 413, note=name)
        assert answer.bytes_read < 3 * MEBIBYTE
    assert await everything_kept(app) == before


async def test_a_length_that_lies_is_no_way_around_the_limit(app: FastAPI, newsroom: Newsroom) -> None:
    for length in ("10", "-1", "x", "1e9", "٣".encode().decode("latin-1")):
        headers = {**_headers(newsroom), "Content-Length": length}
        answer = await send_raw(app, "POST", "/v1/editorial/tags", headers=headers, body=_chunks())
        refused(answer, 400, 413, note=length)
        assert answer.bytes_read < 3 * MEBIBYTE


async def test_nobody_without_a_right_makes_the_server_read_a_body(
    app: FastAPI, newsroom: Newsroom, tried: list[tuple[str, Form]]
) -> None:
    for name, form in tried:
        if name in OPEN:
            continue
        answer = await send_raw(app, form.method, form.path, headers={"Content-Type": JSON}, body=_chunks())
        refused(answer, 401, note=name)
        assert answer.bytes_read == 0
