"""Worlds: the same newsroom built again, but for what is hidden."""

import os
import random
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from api.app import create_app
from api.parts import Parts
from domain.people import Account, Role
from domain.subscriptions import Subscription
from infra import accounts, subscriptions
from infra.settings import Settings
from infra.tables import metadata
from tests.newsroom import Json, Newsroom, Office, paragraph, png
from tests.wall.named import START, Named, first_id

NASTY = ("»", "”", ")", "…", ".", "?!", "’", "-", "\u00a0x", "<b>", "&amp;", "\u0301a", "e.g.", "end.", "end. »")
PERSONS: Mapping[str, tuple[tuple[Role, ...], str]] = {
    "anonymous": ((), ""),
    "partner": ((Role.PARTNER,), ""),
    "cashier": ((Role.CASHIER,), ""),
    "reader": ((Role.READER,), ""),
    "subscriber": ((Role.SUBSCRIBER,), "silver"),
    "covered": ((Role.READER,), "coast"),
    "editor": ((Role.EDITOR,), ""),
    "admin": ((Role.ADMIN,), ""),
}
GATES: Mapping[str, Json] = {
    "registered": {"requires": "registered"},
    "subscriber": {"requires": "subscriber"},
    "gold": {"requires": "subscriber", "plans": ["gold"]},
    "coast": {"requires": "subscriber"},
}
HIDDEN_FROM = {
    "anonymous": frozenset(GATES),
    "partner": frozenset(GATES),
    "cashier": frozenset(GATES),
    "reader": frozenset({"subscriber", "gold", "coast"}),
    "covered": frozenset({"subscriber", "gold"}),
    "subscriber": frozenset({"gold"}),
    "licensed": frozenset({"registered", "subscriber", "gold"}),
}


@dataclass
class World:
    """A newsroom in the making. `chance` decides what is hidden, `fixed` what is not."""

    parts: Parts
    client: httpx.AsyncClient
    named: Named
    fixed: random.Random
    chance: random.Random
    varied: frozenset[str]
    words: int
    extra: bool
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def editor(self) -> Newsroom:
        return Newsroom(self.client, self.headers["editor"])

    def luck(self, gate: str) -> random.Random:
        return self.chance if gate in self.varied else random.Random(gate)

    def text(self, luck: random.Random, count: int) -> str:
        """So many words, whatever the luck, some of them nasty to a cutter of sentences."""
        return " ".join(luck.choice([*NASTY[:-1], f"w{luck.random()}"]) for _ in range(count))

    async def hidden(self, gate: str) -> list[Json]:
        """Hidden blocks, as many words as there must be; their kinds and number are luck."""
        luck = self.luck(gate)
        left = self.words if gate in self.varied else 120
        blocks: list[Json] = []
        while left:
            count = min(left, luck.randint(5, 80))
            left -= count
            style = luck.choice(["normal", "h2", "blockquote"])
            link = {"_type": "link", "_key": "l1", "href": f"https://{luck.randrange(10**9)}.example/"}
            span = {"_type": "span", "text": self.text(luck, count), "marks": luck.choice([[], ["l1"], ["em"]])}
            blocks.append({"_type": "block", "style": style, "children": [span], "markDefs": [link]})
            blocks += await self.others(luck, gate)
        return blocks

    async def others(self, luck: random.Random, gate: str) -> list[Json]:
        match luck.randrange(6):
            case 0:
                self.named.label = f"hidden picture of {gate} {luck.random()}"
                texts = {name: f"{name} {luck.random()}" for name in ("alt", "caption", "credit", "licence")}
                medium = await self.editor.medium(png(shade=luck.randrange(255)), **texts)
                return [{"_type": "image", "media_id": medium["id"], "caption": str(luck.random())}]
            case 1:
                return [{"_type": "embed", "url": f"https://{luck.randrange(10**9)}.example/", "title": "Film"}]
            case 2:
                return [{"_type": "related", "article_id": first_id(f"article free {luck.randrange(2)}")}]
            case 3:
                return [{"_type": "divider"}]
            case _:
                return []


async def build(world: World) -> None:
    """Make everything. What is not hidden is made at its own minute, under its own label, from `fixed`."""
    await _people(world)
    fixed, editor, named = world.fixed, world.editor, world.named
    for at, slug in enumerate(("sea", "land")):
        named.under(f"tag {slug}", minute=at)
        await editor.tag(slug)
        portrait = await editor.medium(png(shade=90 + at), alt="Portrait")
        await editor.contributor(f"{slug}-writer", media_id=portrait["id"])
        for kind, target in (("tags", slug), ("contributors", f"{slug}-writer")):
            await editor.send("POST", f"/{kind}", json={"name": "Old", "slug": f"old-{target}"})
            await editor.send("POST", f"/{kind}/old-{target}/merge", version=1, json={"into": target})
    await _sell(world)
    await _license(world)
    named.under("lead", minute=3)
    lead = await editor.medium(png(shade=3), caption="Lead")
    for at in range(2):
        if world.extra:
            await _secret(world, f"before {at}")
        named.under(f"article free {at}", minute=5 + at)
        await editor.published(title=f"Free {at}", language=("en", "fr")[at], tags=["sea"])
    minute = 10
    for gate, access in GATES.items():
        for boundary in ("word", "sentence", "block"):
            name, minute = f"{gate} {boundary}", minute + 1
            ends = fixed.choice(["", ".", "!", ".”"])
            visible = " ".join(f"v{fixed.randrange(99)}" for _ in range(fixed.randint(3, 9))) + ends
            policy: Json = {"words": 2 + 10 + len(visible.split()), "boundary": boundary}
            hidden = await world.hidden(gate)
            first = paragraph(" ".join(["v"] * 9) + " v.", _key="p1")
            # The first hidden text stands in the same span as the last visible one. A closing quote there would
            # belong to the visible sentence, so a plain word comes first.
            torn = paragraph(f"{visible} then {hidden[0]['children'][0]['text']}", _key="p2")
            body = [first, torn, *hidden[1:]]
            if fixed.random() < 0.3:
                policy, body = {"marker": True}, [first, {"_type": "paywall", "_key": "wall"}, *hidden]
            named.under(f"article {name}", minute=minute)
            article = await editor.published(
                title=name.title(),
                language=fixed.choice(["en", "fr"]),
                standfirst="Two words",
                body=_keyed(body),
                teaser=policy,
                access=access,
                tags=[
                    *fixed.sample(["sea", "land"], fixed.randint(0, 2)),
                    *(["coast"] if gate == "coast" else []),
                ],
                credits=[{"role": "author", "contributor": "sea-writer"}],
                lead_image={"media_id": lead["id"]},
                related=[first_id(f"{one} before 0") for one in ("secret", "gone")] if world.extra else [],
            )
            if world.extra:
                await _secret(world, name, article)
    for path in world.parts.settings.media_dir.rglob("*"):
        os.utime(path, (0, 0))  # when a file was written is told by the disk's clock, which nobody injects


def _keyed(body: list[Json]) -> list[Json]:
    """Give the spans of the visible blocks keys, so that none is made by chance."""
    for block in body[:2]:
        for span in block.get("children", ()):
            span["_key"] = f"s{block.get('_key')}"
    return body


async def _secret(world: World, name: str, live: Json | None = None) -> None:
    """Things that no reader can know of: a draft, a newer draft, an article that was unpublished, unused names."""
    editor, named = world.editor, world.named
    named.under(f"secret {name}", minute=4)
    form: Json = {"title": f"Secret {name}", "language": "en", "access": GATES["gold"]}
    draft = await editor.draft(**form, slug="free-0", tags=["sea", "land"])
    slug = f"secret-{name.replace(' ', '-')}"
    named.label = f"more secrets {name}"
    medium = await editor.medium(png(shade=len(name)), alt="Secret")
    await editor.tag(slug)
    await editor.contributor(slug, media_id=medium["id"])
    for kind in ("tags", "contributors"):
        for at, old in enumerate((f"renamed-{slug}", f"merged-{slug}")):
            await editor.send("POST", f"/{kind}", json={"name": "Secret", "slug": f"{old}-once"})
            await editor.send("PATCH", f"/{kind}/{old}-once", version=1, json={"slug": old})
            if at:
                await editor.send("POST", f"/{kind}/{old}/merge", version=2, json={"into": slug})
    fields: Json = {"tags": [slug, "sea"], "credits": [{"role": "author", "contributor": slug}]}
    fields["lead_image"] = {"media_id": medium["id"]}
    named.label = f"to come {name}"
    fields_to_come = {**form, "title": "To come", "slug": f"to-come-{slug}", "tags": [slug]}
    coming = await editor.act(await editor.draft(**fields_to_come), "schedule", at="2030-01-01T00:00:00Z")
    await editor.send("POST", f"/articles/{coming['id']}/previews")
    named.label = f"gone {name}"
    gone = await editor.published(**form, slug=slug, **fields, translation_of=live["id"] if live else None)
    await editor.act(gone, "unpublish")
    await editor.act(draft, "submit")
    if live:
        await editor.edit(live, title="A newer draft", slug="newer", body=[paragraph("Newer.")], **fields)


async def _sell(world: World) -> None:
    """A plan that opens one tag, and one that opens nothing but what names it."""
    world.named.under("plans", minute=2)
    await world.editor.tag("coast")
    office = Office(world.client, world.headers["admin"])
    await office.plan("coast", opens={"tags": ["coast"]})
    await office.plan("gold", names={"en": "Gold", "fr": "Or"})


async def _license(world: World) -> None:
    """A client whose licence is about the tag that the plan opens."""
    office = Office(world.client, world.headers["admin"])
    made = (await office.send("POST", "/clients", json={"name": "Wire"})).json()
    await office.licence(made["id"], articles={"tags": ["coast"]}, quota=1000, usage_terms="Web only.")
    secret_id = made["secrets"][0]["id"]
    token = world.parts.tokens.issue(
        made["id"],
        (Role.PARTNER,),
        now=START,
        seconds=90_000,
        token_id="licensed",
        session_id=secret_id,
        is_client=True,
    )
    world.headers["licensed"] = {"Authorization": f"Bearer {token}"}


async def _people(world: World) -> None:
    for name, (roles, plan) in PERSONS.items():
        world.headers[name] = {}
        if not roles:
            continue
        account = Account(first_id(name), f"{name}@example.org", name, frozenset(roles), frozenset())
        async with world.parts.database.write() as connection:
            await accounts.add(connection, account, password_hash="!", now=START)
            if plan:
                await subscriptions.add(
                    connection, Subscription(first_id(plan), account.id, plan, starts_at=START)
                )
        token = world.parts.tokens.issue(account.id, roles, now=START, seconds=90_000, token_id=name)
        world.headers[name] = {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def a_world(
    settings: Settings,
    seed: int,
    luck: str = "",
    *,
    varied: frozenset[str] = frozenset(),
    words: int = 120,
    extra: bool = False,
) -> AsyncIterator[World]:
    """Build a world on the emptied database, and let it be asked a day later."""
    named = Named()
    app = create_app(settings, named.sources)
    parts: Parts = app.state.parts
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://api.test") as client,
    ):
        shutil.rmtree(settings.media_dir, ignore_errors=True)
        async with parts.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
        fixed, chance = random.Random(seed), random.Random(f"{seed} {luck}")
        world = World(parts, client, named, fixed, chance, varied, words, extra)
        try:
            await build(world)
            named.under("asking", minute=24 * 60)
            yield world
        finally:
            await parts.database.close()
