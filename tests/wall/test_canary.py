"""The canary: for every operation of the contract and every role, nobody meets a word that is not for them."""

import base64
import re
import zlib
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.conftest import DATABASES
from tests.newsroom import Json
from tests.wall import walk
from tests.wall.canaries import NOBODY, Canaries, deaf, pictures_in
from tests.wall.corpus import PERSONS, Corpus

PICTURE = re.compile(rb'https://api\.test(/media/(?:[^"\s<>\\,&]|\\u0026|&(?:amp;)*)+)')  # in whatever form
AMPERSAND = re.compile(rb"\\u0026|&(?:amp;)+")
READING: tuple[Json, ...] = (
    {},
    {"headers": {"Accept-Encoding": "br"}},
    {"headers": {"Accept-Encoding": "zstd"}},
    {"headers": {"Accept-Encoding": "gzip"}},
    {"headers": {"Range": "bytes=0-9000", "Accept-Encoding": "*"}},
)
VARIANTS: tuple[Json, ...] = (
    *READING,
    {"headers": {"If-None-Match": "*"}},
    {"method": "head"},
    {"method": "options"},
)

IN_TURNS = [(DATABASES[at % 2], person) for at, person in enumerate(PERSONS)]


async def test_nobody_reads_what_is_not_for_them_and_everybody_what_is(
    corpus: Corpus, app: FastAPI, log: set[str]
) -> None:
    answered: set[str] = set()
    for person in PERSONS:
        answered |= await walk_as(corpus, app, person, thin=True)
    assert answered == {operation.id for operation in reading(app)}, "no request of the walk gets a 200 of these"
    check_log(corpus, log)


@pytest.mark.deep
@pytest.mark.parametrize(("database_kind", "person"), IN_TURNS, indirect=["database_kind"])
async def test_nobody_does_with_every_value_of_every_parameter(corpus: Corpus, app: FastAPI, person: str) -> None:
    with deaf():
        await walk_as(corpus, app, person, thin=False)


def reading(app: FastAPI) -> Iterator[walk.Operation]:
    return (operation for operation in walk.operations(app) if operation.method == "get")


async def walk_as(corpus: Corpus, app: FastAPI, person: str, *, thin: bool) -> set[str]:
    """Walk every operation that reads, and return those that answered with a 200."""
    answered: set[str] = set()
    met: set[str] = set()
    for operation in reading(app):
        for asked in walk.reads(app, corpus, operation, thin=thin):
            met |= await walked(corpus, person, asked, answered, thin=thin)
    missed = corpus.canaries.due(person) - met
    assert not missed, f"{person} was never shown {missed}, which are for them: the walk is blind"
    return answered


async def walked(corpus: Corpus, person: str, asked: walk.Asked, answered: set[str], *, thin: bool) -> set[str]:
    """Send a request and what it leads to, and return the canaries that came back.

    The variants have their turns, but for a thick walk's addresses without parameters, which are asked for in all.
    """
    turns = VARIANTS if thin or not asked.params else READING
    turn = turns[zlib.crc32(f"{person} {asked.path} {asked.params}".encode()) % len(turns)]
    if asked.params and "{" in asked.operation.path:
        met = check(corpus, person, asked, await walk.send(corpus, person, asked, **turn))
        if turn not in READING:  # such an answer has no body, and some things are shown here alone
            met |= check(corpus, person, asked, await walk.send(corpus, person, asked))
        return met
    answer = await walk.send(corpus, person, asked)
    met = check(corpus, person, asked, answer)
    if answer.status == 200:
        answered.add(asked.operation.id)
    async for following, page in walk.following(corpus, person, asked, answer):
        met |= check(corpus, person, following, page)
    shown = () if asked.params else PICTURE.findall(answer.body)
    for url in {AMPERSAND.sub(b"&", one) for one in shown}:
        if url not in corpus.opened:
            opened = await corpus.client.get(url.decode())
            assert opened.status_code == 200
            told = pictures_in(opened, opened.content) + opened.headers["etag"]
            corpus.opened[url] = corpus.canaries.in_text(told)
        met |= corpus.opened[url]
    for variant in () if thin else (turn,) if asked.params else VARIANTS:
        check(corpus, person, asked, await walk.send(corpus, person, asked, **variant))
    return met


def check(corpus: Corpus, person: str, asked: walk.Asked, answer: walk.Answer) -> set[str]:
    met = corpus.canaries.in_text(answer.said)
    leaked = {one for one in met if person not in corpus.canaries.audience[one]}
    assert not leaked, f"{person} met {leaked} in {asked.operation.method} {asked.path} {dict(asked.params)}"
    assert answer.status < 500
    return met


def check_log(corpus: Corpus, log: set[str]) -> None:
    words = {one for one in corpus.canaries.in_text("\n".join(log)) if "-" not in one}  # ids may be logged
    assert not words, [line for line in log if any(word in line for word in words)][:3]


async def test_who_looks_for_a_hidden_word_finds_nothing_and_is_told_nothing(
    corpus: Corpus, app: FastAPI, log: set[str]
) -> None:
    (operation,) = (one for one in walk.operations(app) if one.id == "search_articles")
    found: set[str] = set()
    for word in corpus.canaries.some_words(2):
        for person in PERSONS:
            for q in (word, f'"{word}"', f"{word[:9]}*"):
                asked = walk.Asked(operation, "/v1/search", {"q": q})
                answer = await walk.send(corpus, person, asked)
                assert answer.status == 200
                if check(corpus, person, asked, answer):
                    found.add(person)
                if person not in corpus.canaries.audience[word]:
                    assert answer.body == b'{"items":[],"next_cursor":null}', (person, word)
    assert {"reader", "subscriber", "planned", "editor"} <= found, "whoever may read a word must find it"
    check_log(corpus, log)


async def test_the_entity_tags_of_the_entitled_open_nothing(corpus: Corpus, app: FastAPI) -> None:
    for gate in ("registered", "subscriber", "gold", "inside", "percent", "marker", "essay"):
        await tags_open_nothing(corpus, app, gate)


async def tags_open_nothing(corpus: Corpus, app: FastAPI, gate: str) -> None:
    (operation,) = (one for one in walk.operations(app) if one.id == "read_article")
    asked = walk.Asked(operation, f"/v1/articles/{corpus.articles[gate]['id']}")
    codings = ("identity", "br", "zstd", "gzip")
    tags = []
    for coding in codings:
        whole = await walk.send(corpus, "editor", asked, headers={"Accept-Encoding": coding})
        assert b'"granted":"full"' in whole.body
        tags.append(whole.headers["etag"])
    outside = [one for one in PERSONS if not corpus.canaries.due(one) >= corpus.canaries.in_text(whole.said)]
    assert {"anonymous", "partner"} <= set(outside)
    for person in outside:
        for coding in codings:
            headers = {"Accept-Encoding": coding, "If-None-Match": ", ".join(tags), "Range": "bytes=0-99999"}
            answer = await walk.send(corpus, person, asked, headers=headers)
            check(corpus, person, asked, answer)
            assert answer.status == 200
            assert answer.headers["etag"] not in tags
            assert answer.headers["cache-control"].startswith("public") == (person == "anonymous")
            assert b'"_type":"related"' not in answer.body
            assert b"/media/" not in answer.body or gate == "subscriber", "only its lead image is public"


def test_the_search_for_canaries_finds_them_in_every_disguise() -> None:
    canaries = Canaries()
    word = canaries.word(NOBODY)
    packed = base64.b64encode(f"xx {word}".encode()).decode()
    disguises = (
        word,
        word.upper(),
        "".join(f"\\u{ord(letter):04x}" for letter in word),
        "".join(f"&#{ord(letter)};" for letter in word),
        "".join(f"&amp;#{ord(letter)};" for letter in word),
        f"{word[:4]}&lt;em&gt;{word[4:]}&lt;/em&gt;",
        "".join(f"%{ord(letter):02X}" for letter in word),
        f"{word[:4]}<em>{word[4:]}</em>",
        f"{word[:4]}\u00ad{word[4:]}",
        "".join(chr(ord(letter) - ord("a") + ord("ａ")) for letter in word),
        word.encode().hex(),
        *(f"next={'A' * shift}{packed}" for shift in range(4)),
        base64.urlsafe_b64encode(f"{word}?>".encode()).decode().rstrip("="),
    )
    assert [disguise for disguise in disguises if word not in canaries.in_text(disguise)] == []
    assert word not in canaries.in_text(word[:-1])
