"""Requests that work, one for each operation that takes JSON: what tests of bad input start from."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from api.app import application
from infra.account_links import NewAccount, sealed
from infra.ids import new_id
from infra.settings import Settings
from tests.newsroom import Json, Newsroom, Office, words
from tests.signing_in import PASSWORD, hashed


async def full_form(newsroom: Newsroom) -> Json:
    """A form with every field that a writer can set."""
    for slug in ("culture", "sea", "north"):
        await newsroom.tag(slug)
    for slug in ("ada", "ilya"):
        await newsroom.contributor(slug)
    lead, inner = await newsroom.medium(), await newsroom.medium()
    original, other = await newsroom.published(title="First"), await newsroom.published(title="Second")
    return {
        "title": "All of it",
        "slug": "all-of-it",
        "language": "fr-CH",
        "kind": "long-read",
        "standfirst": "What stands first.",
        "body": [
            {
                "_type": "block",
                "_key": "b1",
                "style": "normal",
                "listItem": "number",
                "level": 2,
                "children": [
                    {"_type": "span", "_key": "s1", "text": "One ", "marks": []},
                    {"_type": "span", "_key": "s2", "text": "two", "marks": ["strong", "em", "l1"]},
                ],
                "markDefs": [{"_type": "link", "_key": "l1", "href": "mailto:desk@a.test"}],
            },
            {
                "_type": "image",
                "_key": "b2",
                "media_id": inner["id"],
                "caption": "Said here",
                "credit": "Ours",
                "alt": "Seen",
            },
            {"_type": "related", "_key": "b3", "article_id": other["id"]},
            {
                "_type": "embed",
                "_key": "b4",
                "url": "https://video.test/1",
                "provider": "Video",
                "title": "Moving",
            },
            {"_type": "divider", "_key": "b5"},
            {"_type": "paywall", "_key": "b6"},
            *(
                {
                    "_type": "block",
                    "_key": f"p{at}",
                    "style": style,
                    "children": [{"_type": "span", "_key": f"s{at}", "text": words(30), "marks": []}],
                    "markDefs": [],
                }
                for at, style in enumerate(("h2", "h3", "h4", "blockquote", "normal"), start=10)
            ),
        ],
        "access": {
            "requires": "subscriber",
            "plans": ["monthly"],
            "from": "2026-01-01T00:00:00Z",
            "until": "2027-01-01T00:00:00Z",
            "metered": False,
        },
        "teaser": {"marker": True, "boundary": "block"},
        "section": "culture",
        "tags": ["sea", "north"],
        "credits": [
            {"role": "author", "contributor": "ilya", "note": None},
            {"role": "translator", "contributor": "ada", "note": "from Russian"},
        ],
        "source": {
            "name": "Far Paper",
            "url": "https://far.test/x",
            "title": "Tout",
            "language": "ru",
            "published_at": "2025-12-24",
        },
        "lead_image": {"media_id": lead["id"], "caption": "Lead", "credit": "Me", "alt": "A"},
        "related": [other["id"], original["id"]],
        "translation_of": original["id"],
        "rights": {"holder": "Us", "notice": "©", "usage_terms": "None"},
        "seo": {"title": "S", "description": "D"},
        "extensions": {"acme.mood": {"calm": [1, 2.5, None, True, "x"]}},
    }


@dataclass(frozen=True)
class Form:
    """A request with a JSON body."""

    method: str
    path: str
    body: Json


def confirmation(newsroom: Newsroom) -> str:
    """The token of a link that makes an account."""
    transport = newsroom.client._transport  # noqa: SLF001 - the application behind the client
    assert isinstance(transport, httpx.ASGITransport)
    app: Any = transport.app
    until = app.state.parts.sources.now() + timedelta(days=1)
    link = NewAccount(new_id(), new_id(), "confirmed@example.org", "New", None, hashed(), until)
    return sealed(app.state.parts.seals, link)


async def admin_forms(office: Office) -> dict[str, Form]:
    """Return a request that would work for each operation of the administration that takes JSON, by its id."""
    plan: Json = {
        "names": {"en": "New"},
        "price": {"amount": "12.50", "currency": "EUR"},
        "period": "P1M",
        "trial": "P14D",
        "url": "https://new.test/",
        "opens": {"tags": ["sea"], "sections": ["culture"]},
        "is_offered": False,
        "position": 3,
    }
    times = {
        "starts_at": "2026-02-01T00:00:00Z",
        "trial_until": "2026-02-15T00:00:00Z",
        "ends_at": "2026-03-01T00:00:00Z",
        "grace_until": "2026-03-08T00:00:00Z",
    }
    somebody = {"email": "somebody@new.test", "name": "Somebody", "roles": ["reader"]}
    account = (await office.send("POST", "/accounts", json=somebody)).json()
    await office.plan("monthly")
    held = await office.subscribe(account["id"], "monthly")
    person = {"email": "new@new.test", "name": "New", "roles": ["reader", "subscriber"]}
    sent = {"account_id": account["id"], "source": "till", "external_id": "sub_1"}
    partner = (await office.send("POST", "/clients", json={"name": "Wire"})).json()
    wire = {"name": "New", "networks": ["192.0.2.0/24", "2001:db8::/32"], "is_blocked": False}
    licensed = (await office.send("POST", "/clients", json={"name": "Press"})).json()
    licence = await office.licence(licensed["id"])
    terms = {
        "articles": {"tags": ["sea"], "contributors": ["ada"], "languages": ["en"], "sources": ["Wire", None]},
        "fields": ["standfirst", "images"],
        "delay": "P1DT6H30M",
        "usage_terms": "Web only.",
        "starts_at": "2026-02-01T00:00:00Z",
        "ends_at": "2027-02-01T00:00:00Z",
        "quota": 500,
    }
    return {
        "acknowledge_removals": Form("POST", "/v1/sync/acknowledgements", {"ids": [account["id"]]}),
        "create_licence": Form("POST", "/v1/admin/licences", {**terms, "client_id": partner["id"]}),
        "edit_licence": Form("PATCH", f"/v1/admin/licences/{licence['id']}", terms),
        "create_client": Form("POST", "/v1/admin/clients", wire),
        "edit_client": Form("PATCH", f"/v1/admin/clients/{partner['id']}", wire),
        "create_plan": Form("POST", "/v1/admin/plans", {"slug": "new", **plan}),
        "edit_plan": Form("PATCH", "/v1/admin/plans/monthly", plan),
        "create_subscription": Form("POST", "/v1/admin/subscriptions", {"plan": "monthly", **times, **sent}),
        "edit_subscription": Form("PATCH", f"/v1/admin/subscriptions/{held['id']}", {"plan": "monthly", **times}),
        "create_account": Form("POST", "/v1/admin/accounts", {**person, "password": "long enough for it"}),
        "edit_account": Form("PATCH", f"/v1/admin/accounts/{account['id']}", {**person, "email": "x@new.test"}),
    }


async def forms(newsroom: Newsroom) -> dict[str, Form]:
    """Return a request that would work for each operation that takes JSON, by its id.

    Whoever writes here has to be an administrator.
    """
    article = await full_form(newsroom)
    draft, medium = await newsroom.draft(), await newsroom.medium()
    tag = {"slug": "new", "name": "New", "kind": "topic", "names": {"fr": "Nouveau"}}
    links = [{"url": "https://new.test/", "label": "Site"}]
    maker = {"slug": "new", "name": "New", "kind": "person", "bio": "Writes.", "links": links}
    maker["media_id"] = medium["id"]
    said = {
        "alt": "A",
        "caption": "C",
        "credit": "D",
        "licence": "L",
        "may_be_syndicated": False,
        "focal_point": {"x": 0.25, "y": 1},
    }
    notes = {"note": "In", "public_note": "Out"}
    root = "/v1/editorial"
    signing_up = {"email": "new@example.org", "password": "long enough", "name": "New", "language": "fr"}
    return {
        "sign_up": Form("POST", "/v1/accounts", signing_up),
        "confirm_email": Form(
            "POST", "/v1/accounts/confirm", {"token": confirmation(newsroom), "password": PASSWORD}
        ),
        "reset_password": Form("POST", "/v1/accounts/reset", {"email": "new@example.org"}),
        "edit_me": Form("PATCH", "/v1/me", {"name": "New", "language": "fr"}),
        "create_article": Form("POST", f"{root}/articles", article),
        "edit_article": Form("PATCH", f"{root}/articles/{draft['id']}", article),
        "act_on_article": Form("POST", f"{root}/articles/{draft['id']}/actions/publish", notes),
        "create_preview": Form(
            "POST",
            f"{root}/articles/{draft['id']}/previews",
            {"revision": 1, "role": "subscriber", "plan": "monthly", "expires_at": "2026-02-01T00:00:00Z"},
        ),
        "edit_medium": Form("PATCH", f"{root}/media/{medium['id']}", said),
        "create_tag": Form("POST", f"{root}/tags", tag),
        "edit_tag": Form("PATCH", f"{root}/tags/sea", tag),
        "merge_tag": Form("POST", f"{root}/tags/culture/merge", {"into": "north"}),
        "create_contributor": Form("POST", f"{root}/contributors", maker),
        "edit_contributor": Form("PATCH", f"{root}/contributors/ada", maker),
        "merge_contributor": Form("POST", f"{root}/contributors/ilya/merge", {"into": "ada"}),
        **await admin_forms(Office(newsroom.client, newsroom.headers)),
    }


def operations(media_type: str) -> dict[str, tuple[str, str, Json]]:
    """Return the operations of the contract that take a body of this type: id, then method, path, and itself."""
    contract: dict[str, Any] = application(Settings(_env_file=None)).openapi()
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if media_type in operation.get("requestBody", {}).get("content", {})
    }
