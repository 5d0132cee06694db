"""An article that has everything that an article can have, as it is written and as readers get it."""

from dataclasses import dataclass

from tests.newsroom import Json, Newsroom, paragraph, png

EMBED = {"_type": "embed", "_key": "emb", "url": "https://video.test/1", "provider": "Video", "title": "Waves"}


def text(text: str, key: str, **fields: object) -> Json:
    return {
        **paragraph(text, _key=key, **fields),
        "children": [{"_type": "span", "_key": f"{key}s", "text": text}],
    }


def span(key: str, text: str, *marks: str) -> Json:
    return {"_type": "span", "_key": key, "text": text, "marks": list(marks)}


LINKED: Json = {
    "_type": "block",
    "_key": "p1",
    "style": "normal",
    "children": [span("s1", "One two "), span("s2", "three", "strong", "l1"), span("s3", " four five.", "em")],
    "markDefs": [{"_type": "link", "_key": "l1", "href": "https://www.test/three"}],
}


@dataclass(frozen=True)
class Rich:
    article: Json
    picture: Json
    lead: Json
    inline: Json
    listed: Json
    original: Json

    @property
    def front(self) -> Json:
        """What everybody gets, whatever the gate."""
        return {
            "id": self.article["id"],
            "slug": "la-maree",
            "language": "fr",
            "kind": "feature",
            "title": "La marée",
            "standfirst": "Alpha beta gamma.",
            "section": {"slug": "mer", "name": "La mer"},
            "published_at": self.article["publication"]["live_from"],
            "updated_at": self.article["publication"]["live_from"],
            "revision": 1,
            "credits": [
                {"role": "author", "name": "Ana Author", "slug": "ana", "note": None},
                {"role": "translator", "name": "Teo Translator", "slug": "teo", "note": "Traduit du russe"},
            ],
            "source": {
                "name": "The Tide Times",
                "url": "https://tide.test/a",
                "title": "The tide",
                "language": "ru",
                "published_at": "2026-01-02",
            },
            "tags": [
                {"slug": "kaz", "name": "Kazakhstan (fr)", "kind": "place"},
                {"slug": "salt", "name": "Salt", "kind": "topic"},
            ],
            "lead_image": {
                "media": media(self.lead, alt="Lead alt"),
                "caption": "Lead caption",
                "credit": "Lead credit",
            },
            "canonical_url": "https://www.test/fr/la-maree",
        }

    @property
    def rest(self) -> Json:
        """What a card leaves out, but for the body and access."""
        return {
            "related": [link(self.listed)],
            "translations": [{"language": "en", "slug": "the-tide", "title": "The tide"}],
            "corrections": [],
            "rights": {"holder": "The paper", "notice": "© 2026", "usage_terms": None},
            "seo": {"title": "Marée", "description": None},
            "extensions": {"print.page": 3, "x": {"y": [1, None]}},
        }

    @property
    def body(self) -> list[Json]:
        """The whole body; pictures have unsigned addresses."""
        plain = {"style": "normal", "markDefs": []}
        return [
            LINKED,
            {
                "_type": "image",
                "_key": "img",
                "media": media(self.picture, alt="Own alt"),
                "caption": "Own caption",
                "credit": "Photo: us",
            },
            {"_type": "block", "_key": "h", "style": "h2", "children": [span("hs", "Head")], "markDefs": []},
            {"_type": "block", "_key": "p2", **plain, "children": [span("p2s", "Six seven eight nine ten.")]},
            {"_type": "related", "_key": "rel", "article": link(self.inline)},
            {"_type": "divider", "_key": "div"},
            EMBED,
            self.item("li1", "Eleven", 1),
            self.item("li2", "twelve", 2),
            {
                "_type": "block",
                "_key": "q",
                "style": "blockquote",
                "children": [span("qs", "Thirteen fourteen.")],
                "markDefs": [],
            },
        ]

    @staticmethod
    def item(key: str, said: str, level: int) -> Json:
        return {
            "_type": "block",
            "_key": key,
            "style": "normal",
            "listItem": "bullet",
            "level": level,
            "children": [span(f"{key}s", said)],
            "markDefs": [],
        }


def link(article: Json) -> Json:
    return {
        "id": article["id"],
        "slug": article["slug"],
        "title": article["title"],
        "language": article["language"],
        "access": {"requires": article["access"]["requires"]},
    }


WEBP = "image/webp"


def media(medium: Json, *, alt: str) -> Json:
    root = f"https://api.test/media/{medium['id']}"
    facts = {"url": f"{root}/original", "width": 8, "height": 6, "content_type": "image/png"}
    crops = {"square": (6, 6), "wide": (8, 4)}
    return {
        "id": medium["id"],
        **facts,
        "alt": alt,
        "licence": "CC BY 4.0",
        "renditions": [
            {"name": "original", **facts},
            *(
                {"name": name, "url": f"{root}/{name}", "width": width, "height": height, "content_type": WEBP}
                for name, (width, height) in crops.items()
            ),
        ],
        "placeholder": medium["placeholder"],
    }


async def write(newsroom: Newsroom, **fields: object) -> Rich:
    """Publish the article and everything that it names."""
    await newsroom.tag("mer", name="Sea", names={"fr": "La mer"}, kind="section")
    await newsroom.tag("kaz", name="Kazakhstan", names={"fr": "Kazakhstan (fr)", "en": "K."}, kind="place")
    await newsroom.tag("salt", name="Salt", kind="topic")
    await newsroom.contributor("ana", name="Ana Author")
    await newsroom.contributor("teo", name="Teo Translator")
    picture = await newsroom.medium(credit="Photo: us")
    lead = await newsroom.medium(png(shade=9), alt="Lead alt", caption="Library caption", credit="Library credit")
    inline = await newsroom.published(title="Inline", slug="inline")
    listed = await newsroom.published(title="Listed", slug="listed", access={"requires": "registered"})
    original = await newsroom.published(title="The tide", slug="the-tide")
    said = {
        "title": "La marée",
        "slug": "la-maree",
        "language": "fr",
        "kind": "feature",
        "standfirst": "Alpha beta gamma.",
        "section": "mer",
        "tags": ["kaz", "salt"],
        "credits": [
            {"role": "author", "contributor": "ana"},
            {"role": "translator", "contributor": "teo", "note": "Traduit du russe"},
        ],
        "source": {
            "name": "The Tide Times",
            "url": "https://tide.test/a",
            "title": "The tide",
            "language": "ru",
            "published_at": "2026-01-02",
        },
        "lead_image": {"media_id": lead["id"], "caption": "Lead caption", "credit": "Lead credit"},
        "related": [listed["id"]],
        "translation_of": original["id"],
        "rights": {"holder": "The paper", "notice": "© 2026"},
        "seo": {"title": "Marée"},
        "extensions": {"print.page": 3, "x": {"y": [1, None]}},
        "access": {"requires": "subscriber"},
        "teaser": {"words": 10, "boundary": "word"},
        "body": [
            LINKED,
            {
                "_type": "image",
                "_key": "img",
                "media_id": picture["id"],
                "alt": "Own alt",
                "caption": "Own caption",
            },
            text("Head", "h", style="h2"),
            text("Six seven eight nine ten.", "p2"),
            {"_type": "related", "_key": "rel", "article_id": inline["id"]},
            {"_type": "divider", "_key": "div"},
            EMBED,
            text("Eleven", "li1", listItem="bullet", level=1),
            text("twelve", "li2", listItem="bullet", level=2),
            text("Thirteen fourteen.", "q", style="blockquote"),
        ],
        **fields,
    }
    article = await newsroom.published(**said)
    return Rich(article, picture, lead, inline, listed, original)
