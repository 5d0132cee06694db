"""The corpus: what was made, by name, and how its pictures, blocks and drafts are filled with canaries."""

import random
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.people import Account
from tests.newsroom import Json, Newsroom, Office, People, paragraph, png_of, words
from tests.wall.canaries import EVERYBODY, STAFF, Canaries, digest_of

PASSWORD = "a password that nobody guesses"
PERSONS: dict[str, tuple[str, ...]] = {
    "anonymous": (),
    "reader": ("reader",),
    "subscriber": ("subscriber",),
    "planned": ("subscriber",),
    "outsider": ("subscriber",),  # by the word of an outside issuer
    "covered": ("reader",),  # with a plan that opens one tag and one section
    "partner": ("partner",),
    "program": ("partner",),  # a client
    "cashier": ("cashier",),
    "till": ("cashier",),  # a client
    "writer": ("contributor",),
    "colleague": ("contributor",),
    "editor": ("editor",),
    "admin": ("admin",),
}


@dataclass
class Corpus:
    """What was made, by name; and what a walk needs to ask for it."""

    client: httpx.AsyncClient
    people: People
    canaries: Canaries = field(default_factory=Canaries)
    accounts: dict[str, Account] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    articles: dict[str, Json] = field(default_factory=dict)
    media: dict[str, Json] = field(default_factory=dict)
    previews: dict[str, Json] = field(default_factory=dict)
    old_slugs: list[str] = field(default_factory=list)
    old_names: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    subscriptions: list[Json] = field(default_factory=list)
    clients: list[Json] = field(default_factory=list)
    licences: list[Json] = field(default_factory=list)
    opened: dict[bytes, set[str]] = field(default_factory=dict)  # pictures' addresses, and what they show

    @property
    def editor(self) -> Newsroom:
        return Newsroom(self.client, self.headers["editor"])

    @property
    def admin(self) -> Office:
        return Office(self.client, self.headers["admin"])

    @property
    def writer(self) -> Newsroom:
        return Newsroom(self.client, self.headers["writer"])

    def word(self, audience: frozenset[str]) -> str:
        return self.canaries.word(audience)

    async def medium(
        self, name: str, *, said: frozenset[str] = STAFF, seen: frozenset[str] = STAFF, **fields: str
    ) -> Json:
        """A picture: `said` may read its texts, `seen` may see it. Staff alone learns all of its digest."""
        data = marked_png(name)
        texts = {name: self.word(said) for name in ("alt", "caption", "credit", "licence")}
        medium = self.media[name] = await self.editor.medium(data, **texts, **fields)
        self.canaries.told(medium["id"], seen)
        self.canaries.told(medium["digest"][:24], seen)
        self.canaries.told(medium["digest"][24:48], STAFF)
        self.canaries.told(digest_of(medium["placeholder"].encode()), seen)
        for rendition in medium["renditions"]:
            shown = await self.client.get(rendition["url"])
            self.canaries.told(digest_of(shown.content), seen)
        return medium

    async def hidden_blocks(self, name: str, audience: frozenset[str]) -> list[Json]:
        """One block of each kind, every text and name in it a canary."""

        def word() -> str:
            return self.word(audience)

        picture = await self.medium(f"{name}, hidden", seen=audience, said=audience)
        own = await self.medium(f"{name}, hidden, with texts of its own", seen=audience)
        self.canaries.audience[own["licence"]] |= audience  # a use has no licence of its own
        target = await self.editor.published(title=f"Read also {name}", language="en")
        href = f"https://{word()}.example/{word()}"
        link = {"_type": "link", "_key": word(), "href": href}
        span = {"_type": "span", "_key": word(), "text": f"{word()} linked", "marks": [link["_key"]]}
        return [
            {"_type": "block", "_key": word(), "style": "h2", "children": [{"_type": "span", "text": word()}]},
            {"_type": "block", "_key": word(), "children": [span], "markDefs": [link]},
            paragraph(word(), _key=word(), style="blockquote"),
            paragraph(word(), _key=word(), listItem="bullet", level=1),
            {"_type": "image", "_key": word(), "media_id": picture["id"]},
            {
                "_type": "image",
                "_key": word(),
                "media_id": own["id"],
                "caption": word(),
                "alt": word(),
                "credit": word(),
            },
            {
                "_type": "embed",
                "_key": word(),
                "url": f"https://{word()}.example/{word()}",
                "provider": word(),
                "title": word(),
            },
            {"_type": "related", "_key": word(), "article_id": target["id"]},
            {"_type": "divider", "_key": word()},
            paragraph(f"{words(30)} {word()}", _key=word()),
        ]

    async def body(self, name: str, audience: frozenset[str]) -> list[Json]:
        """A public paragraph, one that the cut tears right before a canary, and hidden blocks."""
        torn = paragraph(f"two more {self.word(audience)} {words(8)}", _key=f"torn-{len(self.articles)}")
        return [paragraph(words(12)), torn, *await self.hidden_blocks(name, audience)]

    async def gated(self, name: str, audience: frozenset[str], gate: Json, **fields: Any) -> Json:
        """A live article; with its one word of standfirst and the default body, fifteen words are public."""
        body = fields.pop("body", None) or await self.body(name, audience)
        form = {
            "title": f"Gated {name}",
            "language": "en",
            "standfirst": self.word(EVERYBODY),
            "teaser": {"words": 15, "boundary": "word"},
            "access": gate,
            "tags": ["open"],
            "credits": [{"role": "author", "contributor": "known"}],
            **fields,
        }
        article = self.articles[name] = await self.editor.published(body=body, **form)
        return article

    def secret_form(self, audience: frozenset[str]) -> Json:
        """The texts of a draft that was never public."""

        def word() -> str:
            return self.word(audience)

        return {
            "title": word(),
            "slug": word(),
            "language": "en",
            "kind": word(),
            "standfirst": word(),
            "body": [paragraph(f"{word()} {words(20)}", _key=word())],
            "source": {"name": word(), "title": word(), "url": f"https://{word()}.example/"},
            "rights": {"holder": word(), "notice": word(), "usage_terms": word()},
            "seo": {"title": word(), "description": word()},
            "extensions": {word(): {word(): [word()]}},
        }


def marked_png(mark: str) -> bytes:
    """A picture of dots that no other one has, so that its smaller forms are no other's either."""
    luck = random.Random(mark)
    rows = b"".join(b"\x00" + luck.randbytes(24 * 3) for _ in range(18))
    return png_of(struct.pack(">IIBBBBB", 24, 18, 8, 2, 0, 0, 0), zlib.compress(rows))
