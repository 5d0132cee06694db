"""Pictures that are kept from partners: editors say so, and no reader is told."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.test_import import picture
from tests.exchanging import taken
from tests.newsroom import Json, Newsroom, Office, People, another_png, paragraph
from tests.partners import headers_of, program

FLAG = "may_be_syndicated"


async def upload(newsroom: Newsroom, **said: Any) -> Any:
    files = {"file": ("picture.png", another_png())}
    return await newsroom.send("POST", "/media", data={"alt": "Alt", **said}, files=files)


@pytest.mark.parametrize(("said", "kept"), [({}, True), ({FLAG: "true"}, True), ({FLAG: "false"}, False)])
async def test_an_upload_says_whether_partners_may_have_it(newsroom: Newsroom, said: Json, kept: bool) -> None:
    made = await upload(newsroom, **said)
    assert (made.status_code, made.json()[FLAG]) == (201, kept)
    assert (await newsroom.send("GET", f"/media/{made.json()['id']}")).json()[FLAG] is kept
    assert [one[FLAG] for one in (await newsroom.send("GET", "/media")).json()["items"]] == [kept]


@pytest.mark.parametrize("value", ["", "0", "no", "False", "null", " true", ["true", "false"]])
async def test_what_is_neither_is_refused(newsroom: Newsroom, value: Any) -> None:
    answer = await upload(newsroom, **{FLAG: value})
    pointer = "" if isinstance(value, list) else f"/{FLAG}"
    assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, [pointer])


async def test_an_editor_changes_it_and_it_is_an_event(newsroom: Newsroom, office: Office) -> None:
    made = (await upload(newsroom)).json()
    path = f"/media/{made['id']}"
    wrong: tuple[Any, ...] = ("false", 0, [], {})
    for bad in wrong:
        assert (await newsroom.send("PATCH", path, version=1, json={FLAG: bad})).status_code == 422
    changed = await newsroom.send("PATCH", path, version=1, json={FLAG: False})
    assert changed.json() == {**made, FLAG: False, "version": 2}
    again = await newsroom.send("PATCH", path, version=2, json={"alt": "Another"})
    assert again.json()[FLAG] is False, "what is not named stays"
    events = (await office.send("GET", f"/events?subject_id={made['id']}")).json()["items"]
    assert [one["action"] for one in events] == ["edit", "edit", "upload"]


async def test_readers_are_told_that_something_changed_and_never_what(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People
) -> None:
    medium = await newsroom.medium()
    body = [paragraph("A few words."), {"_type": "image", "media_id": medium["id"]}]
    await newsroom.published(slug="piece", body=body, lead_image={"media_id": medium["id"]})
    forms = ("", "/ninjs", "/jsonld", "/html", "/markdown", "/text")
    paths = [*(f"/v1/articles/piece{form}" for form in forms), "/v1/articles", "/v1/feeds/feed.json"]
    callers = [{}, await people.headers("partner"), await people.headers("subscriber")]
    partner = await headers_of(client, await program(office))
    assert medium["id"] in (await client.get("/v1/articles/piece", headers=partner)).text
    before = [(await client.get(path, headers=headers)).content for path in paths for headers in callers]
    cursor = (await client.get("/v1/sync")).json()["next_cursor"]
    await newsroom.send("PATCH", f"/media/{medium['id']}", version=1, json={FLAG: False})
    after = [(await client.get(path, headers=headers)).content for path in paths for headers in callers]
    assert after == before
    assert medium["id"] not in (await client.get("/v1/articles/piece", headers=partner)).text
    assert b"syndicat" not in b"".join(after)
    changed = (await client.get("/v1/sync", params={"cursor": cursor})).json()["items"]
    assert [one["article"]["slug"] for one in changed] == ["piece"]


async def test_a_record_says_it_and_one_that_does_not_takes_nothing_back(
    app: FastAPI, newsroom: Newsroom, tmp_path: Path
) -> None:
    parts = app.state.parts

    async def take(**said: Any) -> list[str]:
        return (await taken(parts, tmp_path, picture(tmp_path, **said))).flaws

    async def kept() -> bool:
        (one,) = (await newsroom.send("GET", "/media")).json()["items"]
        return bool(one[FLAG])

    assert (await take(may_be_syndicated=False), await kept()) == ([], False)
    assert (await take(alt="Another"), await kept()) == ([], False)
    assert (await take(may_be_syndicated=True), await kept()) == ([], True)
    assert await take(may_be_syndicated="false") == [f"1: /{FLAG}"]


async def test_a_client_gets_no_byte_of_it_by_its_token(
    client: AsyncClient, newsroom: Newsroom, office: Office
) -> None:
    kept, shared = await newsroom.medium(another_png(), **{FLAG: "false"}), await newsroom.medium()
    blocks = [{"_type": "image", "media_id": one["id"]} for one in (kept, shared)]
    await newsroom.published(body=[paragraph("Text."), *blocks])
    one = await program(office)
    await office.licence(one.id)
    headers = await headers_of(client, one)
    for medium, status in ((kept, 404), (shared, 200)):
        path = f"/media/{medium['id']}/original"
        assert (await client.get(path, headers=headers)).status_code == status
        assert (await client.get(path)).status_code == 200, "it is public"
        assert (await client.get(path, headers=newsroom.headers)).status_code == 200
