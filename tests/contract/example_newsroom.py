"""A small newsroom by the sea, whose requests and answers are the examples of the contract.

A new operation gets its example by one more line in `_read` or one of its kind: a request with the example's name.
`make examples` then writes api/examples/, and `make openapi` takes them over.
"""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.parts import Parts
from domain.people import Account, Role
from domain.subscriptions import Subscription
from infra import accounts, subscriptions
from infra.passwords import hash_password
from tests.contract.recording import recorded
from tests.letters import in_folder, sent, token_in
from tests.newsroom import Json, paragraph, png
from tests.partners import basic

FOLDER = Path(__file__).parents[2] / "api" / "examples"
PASSWORD = "a-long-password"
FORMS = ("ninjs", "jsonld", "html", "markdown", "text")
ARTICLE: Json = {
    "title": "The harbour at night",
    "language": "en",
    "kind": "feature",
    "standfirst": "Who is awake when the ferries sleep.",
    "access": {"requires": "subscriber"},
    "teaser": {"words": 20, "boundary": "sentence"},
    "section": "harbour",
    "tags": ["ferries"],
    "credits": [{"role": "author", "contributor": "ada-moor"}],
    "note": "First draft.",
}


@dataclass
class Desk:
    """Sends requests, each as somebody; those with a name become examples."""

    client: httpx.AsyncClient
    tokens: dict[str, str]

    async def ask(
        self,
        method: str,
        path: str,
        example: str | None = None,
        *,
        by: str | None = "editor",
        version: int | None = None,
        sent: Json | None = None,
        **request: Any,
    ) -> Json:
        headers = dict(request.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        extensions = {"example": example, "sent": sent} if example else {}
        response = await self.client.request(method, path, headers=headers, extensions=extensions, **request)
        assert response.is_success, (method, path, response.text)
        kind = response.headers.get("content-type")
        return dict(response.json()) if kind == "application/json" else {}


async def tell(folder: Path) -> dict[str, Json]:
    """Return the examples of every operation, by its id."""
    async with recorded(folder) as (client, recorder, parts):
        desk = Desk(client, {})
        for number, role in enumerate((Role.EDITOR, Role.SUBSCRIBER, Role.ADMIN), start=1):
            account = Account(
                f"019c13a0-0000-7000-8000-00000000000{number}",
                f"{role}@quay.test",
                f"{role.title()} of the Quay",
                frozenset({role}),
                frozenset({"monthly"} if role is Role.SUBSCRIBER else ()),
            )
            async with parts.database.write() as connection:
                now = parts.sources.now()
                await accounts.add(connection, account, password_hash=hash_password(PASSWORD), now=now)
                for plan in account.plans:
                    await subscriptions.add(
                        connection, Subscription(parts.sources.new_id(), account.id, plan, starts_at=now)
                    )
        await _sign_in(desk)
        await _write_names(desk)
        medium = await _write_media(desk)
        await _administer(desk)
        await _write_articles(desk, medium)
        await _read(desk)
        await _give_away(desk)
        await _keep_account(desk, parts)
        await _let_programs_in(desk)
        await _license_programs(desk)
        return recorder.told


async def _sign_in(desk: Desk) -> None:
    for role in ("editor", "admin", "subscriber"):
        form = {"grant_type": "password", "username": f"{role}@quay.test", "password": PASSWORD}
        name = "password" if role == "subscriber" else None
        tokens = await desk.ask("POST", "/v1/auth/token", name, by=None, data=form)
        desk.tokens[role] = tokens["access_token"]
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    tokens = await desk.ask("POST", "/v1/auth/token", "refresh", by=None, data=again)
    await desk.ask("POST", "/v1/auth/token", by=None, data=form)
    listed = await desk.ask("GET", "/v1/me/sessions", "signed_in", by="subscriber")
    await desk.ask("DELETE", f"/v1/me/sessions/{listed['items'][0]['id']}", "one", by="subscriber")
    await desk.ask("POST", "/v1/auth/revoke", "sign_out", by=None, data={"token": tokens["refresh_token"]})
    tokens = await desk.ask("POST", "/v1/auth/token", by=None, data=form)
    desk.tokens["subscriber"] = tokens["access_token"]
    await desk.ask("DELETE", "/v1/me/sessions", "all", by="subscriber")
    tokens = await desk.ask("POST", "/v1/auth/token", by=None, data=form)
    desk.tokens["subscriber"] = tokens["access_token"]


async def _write_names(desk: Desk) -> None:
    harbour: Json = {"slug": "harbour", "name": "Harbour", "kind": "section", "names": {"fr": "Le port"}}
    ada: Json = {
        "name": "Ada Moor",
        "bio": "Writes about the sea.",
        "links": [{"url": "https://ada.quay.test/", "label": "Her site"}],
    }
    for kind, form, other, unused in (
        ("tags", harbour, {"name": "Ferries"}, {"name": "Ships"}),
        ("contributors", ada, {"name": "Ilya Tern"}, {"name": "I. Tern"}),
    ):
        path = f"/v1/editorial/{kind}"
        one = await desk.ask("POST", path, "new", json=form)
        two = await desk.ask("POST", path, json=other)
        old = await desk.ask("POST", path, json=unused)
        gone = await desk.ask("POST", path, json={"name": "Gone"})
        await desk.ask("GET", f"{path}?limit=2", "page")
        await desk.ask("GET", f"{path}/{one['slug']}", "one")
        change: Json = {"names": {"de": "Hafen", "fr": None}} if kind == "tags" else {"bio": None}
        await desk.ask("PATCH", f"{path}/{one['slug']}", "change", version=1, json=change)
        await desk.ask("POST", f"{path}/{old['slug']}/merge", "merge", version=1, json={"into": two["slug"]})
        await desk.ask("DELETE", f"{path}/{gone['slug']}", "gone", version=1)


async def _administer(desk: Desk) -> None:
    plans, path = "/v1/admin/plans", "/v1/admin/subscriptions"
    monthly: Json = {
        "slug": "monthly",
        "names": {"en": "By the month", "fr": "Au mois"},
        "price": {"amount": "3.00", "currency": "EUR"},
        "period": "P1M",
        "trial": "P14D",
        "url": "https://www.quay.test/subscribe",
        "opens": "everything",
    }
    harbour = {**monthly, "slug": "harbour", "names": {"en": "The harbour alone"}}
    await desk.ask("POST", plans, "everything", by="admin", json=monthly)
    await desk.ask("POST", plans, "some", by="admin", json={**harbour, "opens": {"sections": ["harbour"]}})
    await desk.ask("POST", plans, by="admin", json={**monthly, "slug": "gone"})
    await desk.ask("GET", f"{plans}?limit=2", "page", by="admin")
    await desk.ask("GET", f"{plans}/monthly", "one", by="admin")
    change = {"is_offered": False, "opens": {"tags": ["ferries"]}}
    await desk.ask("PATCH", f"{plans}/harbour", "change", by="admin", version=1, json=change)
    await desk.ask("DELETE", f"{plans}/gone", "gone", by="admin", version=1)
    ilse = {"email": "ilse@quay.test", "name": "Ilse of the Quay", "roles": ["reader"]}
    accounts_at = "/v1/admin/accounts"
    account = await desk.ask("POST", accounts_at, "new", by="admin", json=ilse)
    gone = await desk.ask("POST", accounts_at, by="admin", json={**ilse, "email": "gone@quay.test"})
    sent = {"account_id": account["id"], "plan": "harbour", "source": "till", "external_id": "sub_1042"}
    held = await desk.ask("POST", path, "from_a_payment_system", by="admin", json=sent)
    await desk.ask("POST", path, "sent_again", by="admin", json=sent)
    await desk.ask("GET", f"{path}?source=till", "page", by="admin")
    await desk.ask("GET", f"{path}/{held['id']}", "one", by="admin")
    times = {"ends_at": "2026-03-01T00:00:00Z", "grace_until": "2026-03-08T00:00:00Z"}
    await desk.ask("PATCH", f"{path}/{held['id']}", "end", by="admin", version=1, json=times)
    await desk.ask("POST", f"{path}/{held['id']}/revoke", "revoke", by="admin", version=2)
    await desk.ask("DELETE", f"{path}/{held['id']}", "gone", by="admin", version=3)
    await desk.ask("GET", f"{accounts_at}?role=reader", "page", by="admin")
    await desk.ask("GET", f"{accounts_at}/{account['id']}", "one", by="admin")
    change = {"is_blocked": True}
    await desk.ask("PATCH", f"{accounts_at}/{account['id']}", "block", by="admin", version=1, json=change)
    await desk.ask("DELETE", f"{accounts_at}/{gone['id']}", "gone", by="admin", version=1)
    await desk.ask("GET", "/v1/admin/events?subject=subscription", "page", by="admin")


async def _write_media(desk: Desk) -> Json:
    said = {"alt": "Lights on black water", "credit": "Photo: Ada Moor", "licence": "CC BY 4.0"}
    upload: Json = {"data": said, "files": {"file": ("quay.png", png(64, 48))}}
    sent = {"file": "(the bytes of the picture)", **said}
    path = "/v1/editorial/media"
    medium = await desk.ask("POST", path, "new", sent=sent, **upload)
    await desk.ask("POST", path, "known_already", sent=sent, **upload)
    unused = await desk.ask("POST", path, data=said, files={"file": ("other.png", png(40, 30, 9))})
    await desk.ask("GET", f"{path}?limit=1", "page")
    await desk.ask("DELETE", f"{path}/{unused['id']}", "gone", version=1)
    change = {"caption": "The quay, past midnight.", "focal_point": {"x": 0.5, "y": 0.3}}
    medium = await desk.ask("PATCH", f"{path}/{medium['id']}", "change", version=1, json=change)
    await desk.ask("GET", f"{path}/{medium['id']}", "one")
    return medium


async def _write_articles(desk: Desk, medium: Json) -> None:
    path = "/v1/editorial/articles"
    free = {"title": "Timetable for spring", "language": "en", "tags": ["ferries"]}
    other = await desk.ask("POST", path, json={**free, "body_markdown": "The first boat leaves at six."})
    body = [
        paragraph("The last ferry is tied up at ten. Then the harbour belongs to those who mend it."),
        {"_type": "image", "media_id": medium["id"]},
        paragraph("Marten has swept these stones for nineteen years. He has never once seen the sea by day."),
        {"_type": "related", "article_id": other["id"]},
    ]
    form = {**ARTICLE, "body": body, "lead_image": {"media_id": medium["id"]}, "related": [other["id"]]}
    await desk.ask("POST", f"{path}?dry_run=true", "dry_run", json=form)
    draft = await desk.ask("POST", path, "new", json=form)
    await desk.ask("POST", path, "in_markdown", json={**free, "body_markdown": "## Spring\n\nSix boats a day."})
    one = f"{path}/{draft['id']}"
    await desk.ask("GET", one, "blocks")
    await desk.ask("GET", f"{one}?body_format=html", "html")
    await desk.ask("GET", f"{one}?body_format=markdown", "markdown")
    change: Json = {"title": "The harbour by night", "seo": {"title": "Night work"}, "note": None}
    await desk.ask("PATCH", f"{one}?dry_run=true", "dry_run", version=1, json=change)
    await desk.ask("PATCH", one, "change", version=1, json=change)
    await desk.ask("POST", f"{one}/previews", "for_a_guest", json={"role": "anonymous"})
    previews = await desk.client.post(
        f"{one}/previews", headers={"Authorization": f"Bearer {desk.tokens['editor']}"}
    )
    preview = previews.json()
    await desk.ask("GET", f"{one}/previews", "open")
    await desk.ask("GET", preview["url"], "teaser", by=None)
    await desk.ask("DELETE", f"{one}/previews/{preview['id']}", "revoked", version=1)
    await desk.ask("GET", f"{one}/revisions", "page")
    await desk.ask("GET", f"{one}/revisions/1", "first")
    await desk.ask("GET", f"{one}/revisions/1/diff?to=2", "title")
    await desk.ask("POST", f"{one}/revisions/1/restore", "first", version=2)
    await desk.ask("POST", f"{one}/actions/publish", "publish", version=3, json={"note": "Read and checked."})
    await desk.ask(
        "POST",
        f"{path}/{other['id']}/actions/schedule",
        "schedule",
        version=1,
        json={"at": "2026-02-01T06:00:00Z"},
    )
    await desk.ask("POST", f"{path}/{other['id']}/actions/unschedule", version=2)
    await desk.ask("POST", f"{path}/{other['id']}/actions/publish", version=3)
    await desk.ask("GET", f"{one}/readable-as?role=subscriber&plan=monthly", "subscriber")
    await desk.ask("GET", f"{one}/events", "page")
    await desk.ask("GET", f"{path}/{other['id']}/linked-from", "page")
    await desk.ask("GET", f"{path}?limit=1&state=draft", "page")
    rows = json.dumps({"op": "create", "article": {**free, "title": "Row by row"}, "action": "submit"}) + "\n"
    kind = {"Content-Type": "application/x-ndjson"}
    await desk.ask("POST", f"{path}/bulk", "create", content=rows.encode(), headers=kind)
    gone = await desk.ask("POST", path, json=free)
    await desk.ask("DELETE", f"{path}/{gone['id']}", "gone", version=1)


async def _read(desk: Desk) -> None:
    """Ask as readers do: the path, the example's name, and who asks."""
    for path, name, by in (
        ("/v1/articles?limit=1", "page", None),
        ("/v1/articles/the-harbour-at-night", "teaser", None),
        ("/v1/articles/the-harbour-at-night", "whole", "subscriber"),
        ("/v1/articles?limit=1&fields=slug,title", "chosen_fields", None),
        ("/v1/articles/the-harbour-at-night?body_format=html", "in_html", None),
        ("/v1/articles/the-harbour-at-night/access", "anonymous", None),
        ("/v1/articles/the-harbour-at-night/access", "subscriber", "subscriber"),
        *((f"/v1/articles/the-harbour-at-night/{form}", "teaser", None) for form in FORMS),
        *((f"/v1/articles/the-harbour-at-night/{form}", "whole", "subscriber") for form in FORMS),
        ("/v1/search?q=ferry&limit=1", "page", None),
        ("/v1/search?q=ferry&fields=slug,highlights", "chosen_fields", None),
        *((f"/v1/feeds/{feed}?tag=ferries", "by_tag", None) for feed in ("rss.xml", "atom.xml", "feed.json")),
        ("/sitemap.xml", "index", None),
        ("/sitemaps/2026-01-1.xml", "month", None),
        ("/news-sitemap.xml", "news", None),
        ("/robots.txt", "all", None),
        ("/v1/tags", "page", None),
        ("/v1/tags/harbour", "one", None),
        ("/v1/contributors", "page", None),
        ("/v1/contributors/ada-moor", "one", None),
        ("/v1/sync?limit=2", "page", None),
        ("/v1/me", "subscriber", "subscriber"),
        ("/healthz", "alive", None),
        ("/readyz", "ready", None),
        ("/.well-known/jwks.json", "keys", None),
        ("/.well-known/oauth-authorization-server", "metadata", None),
    ):
        await desk.ask("GET", path, name, by=by)


async def _give_away(desk: Desk) -> None:
    one = "/v1/articles/the-harbour-at-night"
    given = await desk.ask("POST", f"{one}/gifts", "new", by="subscriber")
    token = given["url"].partition("?gift=")[2]
    await desk.ask("GET", f"{one}?gift={token}", "given", by=None)
    await desk.ask("GET", "/v1/me/gifts", "page", by="subscriber")
    await desk.ask("DELETE", f"/v1/me/gifts/{given['id']}", "gone", by="subscriber")


async def _keep_account(desk: Desk, parts: Parts) -> None:
    """Sign up, change everything, forget the password, and leave; links are taken from the letters."""
    email, path = "tern@example.org", "/v1/accounts"
    form = {"email": email, "password": PASSWORD, "name": "Ilya Tern", "language": "fr"}
    await desk.ask("POST", path, "new", by=None, json=form)
    link = {"token": await _token(parts, email), "password": PASSWORD}
    await desk.ask("POST", f"{path}/confirm", "new", by=None, json=link)
    await _sign_in_as(desk, email, PASSWORD)
    await desk.ask("PATCH", "/v1/me", "name", by=email, json={"name": "I. Tern", "language": None})
    other = "ilya@example.org"
    await desk.ask("PATCH", "/v1/me", "email", by=email, json={"email": other, "current_password": PASSWORD})
    await desk.ask("POST", f"{path}/confirm", json={"token": await _token(parts, other)}, by=None)
    await desk.ask("POST", f"{path}/reset", "ask", by=None, json={"email": other})
    new = {"token": await _token(parts, other), "password": "another-long-password"}
    await desk.ask("POST", f"{path}/reset", "new_password", by=None, json=new)
    await _sign_in_as(desk, other, new["password"])
    await desk.ask("GET", "/v1/me/export", "reader", by=other)
    await desk.ask("DELETE", "/v1/me", "gone", by=other)


async def _let_programs_in(desk: Desk) -> None:
    path, token = "/v1/admin/clients", "/v1/auth/token"
    wire = {"name": "The Wire", "networks": ["192.0.2.0/24", "2001:db8::/32"]}
    one = await desk.ask("POST", path, "new", by="admin", json=wire)
    await desk.ask("POST", path, "till", by="admin", json={"name": "The Till", "role": "cashier"})
    grant = {"grant_type": "client_credentials"}
    form = {**grant, "client_id": one["id"], "client_secret": one["secret"]}
    tokens = await desk.ask("POST", token, "client", by=None, data=form)
    await desk.ask("POST", token, "client_by_basic", by=None, data=grant, headers=basic(one["id"], one["secret"]))
    desk.tokens["client"] = tokens["access_token"]
    await desk.ask("GET", "/v1/me", "client", by="client")
    await desk.ask("GET", path, "page", by="admin")
    await desk.ask("GET", f"{path}/{one['id']}", "one", by="admin")
    await desk.ask("POST", f"{path}/{one['id']}/secrets", "another", by="admin")
    secret = f"{path}/{one['id']}/secrets/{one['secrets'][0]['id']}"
    await desk.ask("DELETE", secret, "old", by="admin", version=2)
    change = {"is_blocked": True}
    await desk.ask("PATCH", f"{path}/{one['id']}", "block", by="admin", version=3, json=change)
    await desk.ask("DELETE", f"{path}/{one['id']}", "gone", by="admin", version=4)


async def _license_programs(desk: Desk) -> None:
    path = "/v1/admin/licences"
    one = await desk.ask("POST", "/v1/admin/clients", by="admin", json={"name": "The Radio"})
    form = {"grant_type": "client_credentials", "client_id": one["id"], "client_secret": one["secret"]}
    desk.tokens["radio"] = (await desk.ask("POST", "/v1/auth/token", by=None, data=form))["access_token"]
    terms = {"fields": ["standfirst", "lead_image", "images", "tags"], "usage_terms": "Online, for thirty days."}
    agreed = {**terms, "articles": {"tags": ["ferries"], "sources": [None]}, "delay": "PT2H", "quota": 500}
    licence = await desk.ask("POST", path, "new", by="admin", json={"client_id": one["id"], **agreed})
    change = {"articles": "everything", "delay": "PT0M"}
    await desk.ask("PATCH", f"{path}/{licence['id']}", "wider", by="admin", version=1, json=change)
    taken = await desk.ask("GET", "/v1/articles/the-harbour-at-night", "licensed", by="radio")
    await desk.ask("GET", "/v1/articles/the-harbour-at-night/ninjs", "licensed", by="radio")
    await desk.ask("GET", path, "page", by="admin")
    await desk.ask("GET", f"{path}/{licence['id']}", "one", by="admin")
    await desk.ask("GET", f"{path}/{licence['id']}/ledger", "page", by="admin")
    await desk.ask("GET", f"{path}/{licence['id']}/ledger/export", "all", by="admin")
    acknowledged = {"ids": [taken["id"]]}
    await desk.ask("POST", "/v1/sync/acknowledgements", "gone", by="radio", json=acknowledged)
    other = await desk.ask("POST", "/v1/admin/clients", by="admin", json={"name": "The Leaflet"})
    unused = await desk.ask("POST", path, by="admin", json={"client_id": other["id"], "articles": "everything"})
    await desk.ask("DELETE", f"{path}/{unused['id']}", "unused", by="admin", version=1)


async def _token(parts: Parts, address: str) -> str:
    """Return the token of the last link that was sent to an address."""
    await sent(parts)
    return token_in([one for one in in_folder(parts.settings.mail_dir) if one["To"] == address][-1])


async def _sign_in_as(desk: Desk, email: str, password: str) -> None:
    form = {"grant_type": "password", "username": email, "password": password}
    desk.tokens[email] = (await desk.ask("POST", "/v1/auth/token", by=None, data=form))["access_token"]


def texts() -> dict[str, str]:
    """Return the files of api/examples/ as they should be, by name."""
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(tell(Path(folder)))
    return {f"{name}.json": json.dumps(one, indent=1, ensure_ascii=False) + "\n" for name, one in told.items()}


if __name__ == "__main__":
    made = texts()
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for file, content in made.items():
        (FOLDER / file).write_text(content)
