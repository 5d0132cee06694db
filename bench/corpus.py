"""A newsroom of any size to measure with, as `standfirst import` reads it; the same seed makes the same bytes.

`python -m bench.corpus 2000 --pictures FOLDER/pictures > FOLDER/corpus.ndjson` writes 2,000 articles, and before
them what they name. They are shaped like real ones: about 1,450 words of a Zipf vocabulary, three images, five
tags.
"""

import argparse
import json
import random
import struct
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

Record = dict[str, Any]

SEED = 1
VOCABULARY, SHORT_WORDS = 30_000, 400
TAGS, CONTRIBUTORS, PICTURES = 300, 60, 60
WORDS, WORDS_A_PARAGRAPH, IMAGES, TAGS_AN_ARTICLE = 1450, 65, 3, 5
FIRST_DAY = datetime(2006, 1, 1, tzinfo=UTC)
APART = timedelta(minutes=47)
SECTIONS = ("politics", "economy", "culture", "science", "sport", "world", "opinion", "society")
LANGUAGES = ("en", "fr", "de", "ru"), (6, 2, 1, 1)
GATES: tuple[tuple[Record, ...], tuple[int, ...]] = (
    ({"requires": "subscriber"}, {"requires": "registered"}, {"requires": "free"}),
    (6, 1, 3),
)
_ONSETS = ("b", "br", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "z")
_NUCLEI = ("a", "e", "i", "o", "u", "ai", "ou")
_CODAS = ("", "", "n", "r", "s", "l", "nd")


class Language:
    """Words that nobody speaks: the n-th is n times rarer than the first, as in any language."""

    def __init__(self, luck: random.Random) -> None:
        self.words = _words(luck, VOCABULARY)
        self.weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
        self._luck = luck

    def some(self, count: int) -> list[str]:
        """Return so many words, common ones more often."""
        return self._luck.choices(self.words, cum_weights=self.weights, k=count)

    def text(self, count: int) -> str:
        """Return sentences of so many words together."""
        words, said = self.some(count), []
        while words:
            length = self._luck.randint(6, 22)
            said.append(" ".join(words[:length]).capitalize())
            words = words[length:]
        return ". ".join(said) + "."


def _words(luck: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = 1 if len(found) < SHORT_WORDS else luck.randint(2, 4)  # common words are short
        parts = (luck.choice(_ONSETS) + luck.choice(_NUCLEI) + luck.choice(_CODAS) for _ in range(syllables))
        found["".join(parts)] = None
    return list(found)


def records(count: int, *, seed: int = SEED) -> Iterator[Record]:
    """Yield tags, contributors, pictures and so many articles, oldest first."""
    luck = random.Random(seed)
    language = Language(luck)
    tags = [*SECTIONS, *(f"tag-{number:03}" for number in range(TAGS))]
    for slug in tags:
        kind = "section" if slug in SECTIONS else luck.choice(("topic", "place", "person", "organisation"))
        yield {"type": "tag", "slug": slug, "name": " ".join(language.some(2)).title(), "kind": kind}
    for number in range(CONTRIBUTORS):
        name = " ".join(language.some(2)).title()
        yield {"type": "contributor", "slug": f"writer-{number:02}", "name": name}
    for number in range(PICTURES):
        yield _medium(number, language)
    for number in range(count):
        yield _article(number, tags[len(SECTIONS) :], language, luck)


def _medium(number: int, language: Language) -> Record:
    return {
        "type": "media",
        "external_id": f"picture-{number}",
        "file": f"pictures/{number:03}.png",
        "alt": language.text(8),
        "caption": language.text(12),
        "credit": " ".join(language.some(2)).title(),
        "licence": "CC BY 4.0",
    }


def _article(number: int, tags: list[str], language: Language, luck: random.Random) -> Record:
    title = " ".join(language.some(9)).capitalize()
    related = [f"article-{luck.randrange(number)}" for _ in range(min(number, 3))]
    return {
        "type": "article",
        "external_id": f"article-{number}",
        "title": title,
        "slug": f"{title.replace(' ', '-').lower()}-{number}",
        "language": luck.choices(*LANGUAGES)[0],
        "kind": luck.choices(("news", "analysis", "feature", "opinion"), (6, 2, 1, 1))[0],
        "standfirst": language.text(25),
        "body": list(_body(luck.randint(WORDS - 250, WORDS + 250), language, luck)),
        "access": luck.choices(*GATES)[0],
        "section": luck.choice(SECTIONS),
        "tags": [tags[at] for at in _spread(len(tags), TAGS_AN_ARTICLE, luck)],
        "credits": [{"role": "author", "contributor": f"writer-{luck.randrange(CONTRIBUTORS):02}"}],
        "lead_image": {"media_id": f"picture-{luck.randrange(PICTURES)}"},
        "related": list(dict.fromkeys(related)),
        "publish": True,
        "published_at": (FIRST_DAY + number * APART).isoformat().replace("+00:00", "Z"),
    }


def _spread(size: int, count: int, luck: random.Random) -> list[int]:
    """Return different numbers below a size, small ones more often: some tags are everywhere, most on little."""
    found: dict[int, None] = {}
    while len(found) < count:
        found[int(size ** luck.random()) - 1] = None
    return list(found)


def _body(count: int, language: Language, luck: random.Random) -> Iterator[Record]:
    paragraphs = max(IMAGES + 1, round(count / WORDS_A_PARAGRAPH))
    every = paragraphs // (IMAGES + 1)
    for at in range(paragraphs):
        if at and at % every == 0 and at // every <= IMAGES:
            picture = f"picture-{luck.randrange(PICTURES)}"
            yield {"_type": "image", "_key": f"{luck.getrandbits(48):012x}", "media_id": picture}
        if at and at % 8 == 0:
            yield _text(" ".join(language.some(5)).capitalize(), "h2", luck)
        yield _text(language.text(count // paragraphs), "normal", luck)


def _text(text: str, style: str, luck: random.Random) -> Record:
    key = f"{luck.getrandbits(48):012x}"
    return {
        "_type": "block",
        "_key": key,
        "style": style,
        "children": [{"_type": "span", "_key": f"{key}s", "text": text, "marks": []}],
        "markDefs": [],
    }


def draw(folder: Path) -> None:
    """Write the pictures that the records name into a folder: small ones, each with its own colours."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(PICTURES):
        luck = random.Random(number)
        width, height = 160, 120
        row = b"\x00" + luck.randbytes(3) * (width // 2) + luck.randbytes(3) * (width // 2)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        (folder / f"{number:03}.png").write_bytes(_png(header, zlib.compress(row * height)))


def _png(header: bytes, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def main() -> None:
    """Write the records to standard output, and the pictures to their folder."""
    parser = argparse.ArgumentParser(description="A newsroom to measure with, as `standfirst import` reads it.")
    parser.add_argument("count", type=int, help="how many articles")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--pictures", type=Path, help="the folder `pictures` beside the file: they are drawn there"
    )
    chosen = parser.parse_args()
    if chosen.pictures:
        draw(chosen.pictures)
    for record in records(chosen.count, seed=chosen.seed):
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
