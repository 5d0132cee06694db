"""Every `POST` of the contract keeps its answer: sent twice with one key, it is done once."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from api.app import application
from infra.settings import Settings
from tests.api.forms import forms
from tests.everything import everything
from tests.newsroom import Newsroom, Office, People, lines, png

SHOWN_ONCE = {
    "create_preview",
    "create_client",
    "create_client_secret",
    "give_article",
}  # operations whose answers show a secret


@pytest.fixture
async def newsroom(client: AsyncClient, people: People) -> Newsroom:
    """Whoever may use every operation."""
    return Newsroom(client, await people.headers("admin", "partner"))


def posts() -> dict[str, Any]:
    paths = application(Settings(_env_file=None)).openapi()["paths"]
    return {
        methods["post"]["operationId"]: methods["post"]
        for path, methods in paths.items()
        if "post" in methods and not path.startswith(("/v1/auth/", "/v1/accounts"))
    }


def test_every_post_takes_a_key_and_nothing_else_does() -> None:
    paths = application(Settings(_env_file=None)).openapi()["paths"]
    taking = {
        operation["operationId"]
        for methods in paths.values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert taking == set(posts())


async def requests(newsroom: Newsroom) -> dict[str, tuple[str, dict[str, Any]]]:
    """A request that works for each operation: its address, and what httpx needs to send it."""
    json = {name: (form.path, {"json": form.body}) for name, form in (await forms(newsroom)).items()}
    made = {"title": "A", "language": "en"}
    draft = await newsroom.draft()
    office = Office(newsroom.client, newsroom.headers)
    (account,) = (await office.send("GET", "/accounts?email=somebody@new.test")).json()["items"]
    held = await office.subscribe(account["id"], "monthly")
    partner = (await office.send("POST", "/clients", json={"name": "Wire"})).json()
    await newsroom.published(title="Given", access={"requires": "subscriber"})
    return {
        "give_article": ("/v1/articles/given/gifts", {}),
        "create_client_secret": (f"/v1/admin/clients/{partner['id']}/secrets", {}),
        "revoke_subscription": (f"/v1/admin/subscriptions/{held['id']}/revoke", {}),
        "restore_revision": (f"/v1/editorial/articles/{draft['id']}/revisions/1/restore", {}),
        **json,
        "write_articles": (
            "/v1/editorial/articles/bulk",
            lines({"op": "create", "article": made}),
        ),
        "upload_media": ("/v1/editorial/media", {"files": {"file": ("a.png", png(5, 5))}, "data": {"alt": "A"}}),
    }


@pytest.mark.parametrize("name", posts())
async def test_sent_twice_it_is_done_once(newsroom: Newsroom, people: People, name: str) -> None:
    path, request = (await requests(newsroom))[name]

    async def send(key: str) -> Response:
        headers = {**newsroom.headers, "If-Match": '"1"', "Idempotency-Key": key, **request.get("headers", {})}
        return await newsroom.client.post(path, **{**request, "headers": headers})

    start = await everything(people.parts)
    first = await send("one")
    assert first.is_success, first.text
    done = await everything(people.parts)
    assert done != start
    again = await send("one")
    assert await everything(people.parts) == done
    if name in SHOWN_ONCE:
        assert (again.status_code, again.json()["rule"]) == (409, "idempotency-key-secret")
        return
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert dict(again.headers) == {**dict(first.headers), "idempotency-replayed": "true"}
