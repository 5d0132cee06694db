"""Licences by the API: what they say, what they refuse to say, and that they only count for their client."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.newsroom import Json, Newsroom, Office
from tests.partners import program

SAID: Json = {
    "articles": {"tags": ["sea"], "contributors": ["ada"], "languages": ["en"], "sources": ["Wire", None]},
    "fields": ["images", "standfirst"],
    "delay": "P1DT2H30M",
    "usage_terms": "Web only.",
    "starts_at": "2026-02-01T00:00:00Z",
    "ends_at": "2027-02-01T00:00:00Z",
    "quota": 5,
}
OPEN: Json = {"quota": None, "ends_at": None, "usage_terms": None}


@pytest.fixture(autouse=True)
async def names(newsroom: Newsroom) -> None:
    for slug in ("sea", "land"):
        await newsroom.tag(slug)
    await newsroom.contributor("ada")


async def test_a_licence_says_what_it_was_told(office: Office) -> None:
    one = await program(office)
    made = await office.send("POST", "/licences", json={"client_id": one.id, **SAID})
    assert made.status_code == 201, made.text
    shown = made.json()
    told = {**SAID, "delay": "PT26H30M", "client_id": one.id, "version": 1, "used": 0, "is_running": False}
    assert shown == {**told, "id": shown["id"]}
    read = await office.send("GET", f"/licences/{shown['id']}")
    assert made.headers["location"].endswith(f"/v1/admin/licences/{shown['id']}")
    assert (read.json(), read.headers["etag"]) == (shown, '"1"')
    page = (await office.send("GET", f"/licences?client_id={one.id}")).json()
    assert page == {"items": [shown], "next_cursor": None}


async def test_what_is_not_said_is_the_default(office: Office) -> None:
    shown = await office.licence((await program(office)).id)
    assert shown["articles"] == "everything"
    assert (shown["delay"], shown["quota"], shown["ends_at"], shown["usage_terms"]) == ("PT0M", None, None, None)
    assert len(shown["fields"]) == 8
    assert shown["is_running"] is True


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"articles": "everything"}, {"articles": "everything"}),
        ({"articles": {"languages": None}}, {"articles": {**SAID["articles"], "languages": []}}),
        ({"articles": {"tags": ["land"]}}, {"articles": {**SAID["articles"], "tags": ["land"]}}),
        (OPEN, OPEN),
        ({"delay": None}, {"delay": "PT0M"}),
        ({"fields": []}, {"fields": []}),
        ({"quota": 0}, {"quota": 0}),
    ],
)
async def test_a_licence_is_changed_by_a_merge_patch(office: Office, change: Json, expected: Json) -> None:
    made = await office.licence((await program(office)).id, **SAID)
    changed = await office.edit("licences", made, **change)
    assert changed == {**made, **expected, "version": 2}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"articles": dict.fromkeys(SAID["articles"])}, "/articles"),
        ({"articles": {"tags": ["no-such-tag"]}}, "/articles/tags/0"),
        ({"articles": {"tags": ["sea"], "contributors": ["nobody"]}}, "/articles/contributors/0"),
        ({"articles": "some"}, "/articles"),
        ({"articles": {"sections": ["sea"]}}, "/articles/sections"),
        ({"articles": None}, "/articles"),
        ({"fields": ["body"]}, "/fields/0"),
        ({"delay": "PT6H30S"}, "/delay"),
        ({"delay": "P1Y"}, "/delay"),
        ({"delay": "P"}, "/delay"),
        ({"delay": "PT"}, "/delay"),
        ({"delay": "P999D"}, "/delay"),
        ({"delay": "-PT1H"}, "/delay"),
        ({"delay": 6}, "/delay"),
        ({"quota": -1}, "/quota"),
        ({"quota": "5"}, "/quota"),
        ({"quota": 1.5}, "/quota"),
        ({"starts_at": "2027-02-01T00:00:00Z"}, "/ends_at"),
        ({"used": 0}, "/used"),
        ({"version": 9}, "/version"),
        ({"id": "x"}, "/id"),
        ({"headings": [["all"]]}, "/headings"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "/client_id"),
    ],
)
async def test_what_does_not_fit_is_refused(office: Office, change: Json, pointer: str) -> None:
    one, other = await program(office), await program(office)
    made = await office.licence(one.id, **SAID)
    form = {"client_id": other.id, **SAID, **change}
    if isinstance(change.get("articles"), dict):
        form["articles"] = {name: value or [] for name, value in change["articles"].items()}
    answers = [await office.send("POST", "/licences", json=form)]
    answers.append(await office.send("PATCH", f"/licences/{made['id']}", version=1, json=change))
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text
    assert (await office.send("GET", "/licences")).json()["items"] == [made]


async def test_a_client_has_one_licence_and_is_kept_for_it(office: Office) -> None:
    one = await program(office)
    made = await office.licence(one.id)
    again = await office.send("POST", "/licences", json={"client_id": one.id, "articles": "everything"})
    assert (again.status_code, again.json()["rule"]) == (409, "client-licence")
    kept = await office.send("DELETE", f"/clients/{one.id}", version=1)
    assert kept.status_code == 409
    assert kept.json()["used_by"] == [{"type": "licence", "id": made["id"]}]
    assert (await office.send("DELETE", f"/licences/{made['id']}", version=1)).status_code == 204
    assert (await office.send("DELETE", f"/clients/{one.id}", version=1)).status_code == 204


async def test_a_tag_or_contributor_that_a_licence_names_is_merged_not_deleted(
    newsroom: Newsroom, office: Office
) -> None:
    made = await office.licence((await program(office)).id, **SAID)
    for path in ("/tags/sea", "/contributors/ada"):
        refused = await newsroom.send("DELETE", path, version=1)
        assert refused.status_code == 409, refused.text
        assert refused.json()["used_by"][0] | {"title": None} == {
            "type": "licence",
            "id": made["id"],
            "title": None,
        }
    merged = await newsroom.send("POST", "/tags/sea/merge", version=1, json={"into": "land"})
    assert merged.status_code == 200, merged.text
    assert (await office.send("GET", f"/licences/{made['id']}")).json()["articles"]["tags"] == ["land"]


async def test_each_write_is_in_the_audit_log(office: Office) -> None:
    made = await office.licence((await program(office)).id)
    made = await office.edit("licences", made, quota=3)
    await office.send("DELETE", f"/licences/{made['id']}", version=2)
    events = (await office.send("GET", f"/events?subject=licence&subject_id={made['id']}")).json()["items"]
    assert [(one["action"], one["version"]) for one in reversed(events)] == [
        ("create", 1),
        ("edit", 2),
        ("delete", 2),
    ]


async def test_a_write_on_another_version_is_refused(office: Office) -> None:
    made = await office.licence((await program(office)).id)
    place = f"/licences/{made['id']}"

    async def status(method: str, version: int | None, **request: Any) -> int:
        return (await office.send(method, place, version=version, **request)).status_code

    assert [await status("PATCH", given, json={}) for given in (None, 2, 1, 1)] == [428, 412, 200, 412]
    assert [await status("DELETE", given) for given in (None, 1, 2, 2)] == [428, 412, 204, 404]


async def test_an_account_with_the_role_partner_has_no_licence(client: AsyncClient, people: Any) -> None:
    headers = await people.headers("partner")
    said = await client.post("/v1/sync/acknowledgements", json={"ids": [people_id()]}, headers=headers)
    assert (said.status_code, said.json()) == (200, {"acknowledged": []})


def people_id() -> str:
    return "019c13a0-0000-7000-8000-000000000001"
