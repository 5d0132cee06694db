"""`make bench`: how fast readers are answered, each figure beside a bare one of the same run.

`SCALE=200000 make bench` measures a large newsroom; with `POSTGRESQL=no` that database is left out. The
last table of each size is kept in `bench/RESULTS.md`.
"""

import asyncio
import json
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import aiosqlite

from bench.corpus import SEED, Language
from bench.load import Load, drive, question
from bench.stage import (
    CLIENT_CPU,
    FOLDER,
    SERVER_CPU,
    bare,
    fetch,
    free_port,
    newsroom,
    postgresql,
    standfirst,
    tokens,
)

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS", "3"))
SCALE = int(os.environ.get("SCALE", "2000"))
MIXED = float(os.environ.get("MIXED", "60"))
POSTGRESQL = os.environ.get("POSTGRESQL", "yes") == "yes"
RESULTS = Path(__file__).with_name("RESULTS.md")
Row = tuple[str, str, str, str]


def tell(text: str) -> None:
    """Say what is being measured."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


def beside(ours: Callable[[], Load], bare_: Callable[[], Load]) -> tuple[float, float, float]:
    """Return the medians of both, and of their ratio round by round: answers a second."""
    pairs = [(ours().per_second, bare_().per_second) for _ in range(ROUNDS)]
    ratios = [one / other for one, other in pairs]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(o for _, o in pairs),
        statistics.median(ratios),
    )


def warm(data: Path) -> Iterator[Row]:
    """Measure what is given again, beside an application that answers the same bytes."""
    port, bare_port = free_port(), free_port()
    bearers = [f"Bearer {token}" for token in tokens(data, port)]
    with standfirst(data, port, public_url=f"http://127.0.0.1:{port}"):
        cards = json.loads(fetch(port, "/v1/articles?access=subscriber")[2])["items"]
        article, tag = f"/v1/articles/{cards[0]['slug']}", cards[0]["tags"][0]["slug"]
        listed, plain = f"/v1/articles?tag={tag}&limit=20", {"Accept_Encoding": "br"}
        etag = dict(fetch(port, article, **plain)[1])["etag"]
        answers = {
            "/anonymous": fetch(port, article, **plain),
            "/subscriber": fetch(port, article, Authorization=bearers[0], **plain),
            "/unchanged": fetch(port, article, If_None_Match=etag, **plain),
            "/list": fetch(port, listed, **plain),
        }
        asked: dict[str, tuple[str, Sequence[bytes], int, str]] = {
            "/anonymous": ("article, anonymous, warm", [question(article, **plain)], 200, "≥ 75 %"),
            "/subscriber": (
                f"article, {len(bearers)} subscribers' tokens, warm",
                [question(article, Authorization=bearer, **plain) for bearer in bearers],
                200,
                "≥ 60 %",
            ),
            "/unchanged": (
                "`304` by `If-None-Match`",
                [question(article, If_None_Match=etag, **plain)],
                304,
                "≥ 75 %",
            ),
            "/list": ("list of 20 by tag, warm", [question(listed, **plain)], 200, "≥ 75 %"),
        }
        with bare(answers, bare_port):
            for path, (name, questions, status, bar) in asked.items():
                tell(name)
                drive(port, questions, seconds=SECONDS, status=status)  # so that everybody has asked once
                same = [_elsewhere(path, one) for one in questions]
                one, other, ratio = beside(
                    lambda: drive(port, questions, seconds=SECONDS, status=status),  # noqa: B023 - called at once
                    lambda: drive(bare_port, same, seconds=SECONDS, status=status),  # noqa: B023
                )
                size = len(answers[path][2])
                yield (
                    name,
                    f"{one:,.0f} a second ({size:,} bytes)",
                    f"{other:,.0f} a second",
                    f"{ratio:.0%} ({bar})",
                )


def _elsewhere(path: str, asked: bytes) -> bytes:
    """Return the same request to another path: what the server software does with its headers is not our work."""
    return question(path).partition(b"\r\n")[0] + b"\r\n" + asked.partition(b"\r\n")[2]


def cold(data: Path) -> Iterator[Row]:
    """Measure what is answered from the database each time, beside one SELECT and one route."""
    port, bare_port = free_port(), free_port()
    database = data / "standfirst.db"
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT id, slug FROM publications WHERE state = 'live' AND language = 'en' ORDER BY id LIMIT 2000"
        ).fetchall()
    paths = [f"/v1/articles/{slug}" for _, slug in rows]
    with standfirst(data, port, cache_bytes="0"), bare({}, bare_port, "bench.bare:plain"):
        tell("article, cold")
        mine, theirs, parts = [question(path) for path in paths], [question("/articles/a")], []
        for _ in range(ROUNDS):
            ours = 1000 / drive(port, mine, seconds=SECONDS).per_second
            route = 1000 / drive(bare_port, theirs, seconds=SECONDS).per_second
            parts.append((ours, route, asyncio.run(_select(database, [id_ for id_, _ in rows]))))
        ours, route, one = (statistics.median(some) for some in zip(*parts, strict=True))
        yield (
            "article, cold, another of 2,000 each time",
            f"{ours:.2f} ms",
            f"{one:.2f} ms a SELECT + {route:.2f} ms a route",
            f"{ours / (one + route):.1f} times (≤ 3)",
        )
        yield from _latencies(port, paths)


async def _select(database: Path, ids: list[str]) -> float:
    """Return how many milliseconds one indexed SELECT takes through the driver."""
    os.sched_setaffinity(0, {SERVER_CPU})
    async with aiosqlite.connect(database) as connection:
        began = time.perf_counter()
        for id_ in ids:
            await connection.execute_fetchall("SELECT body FROM teasers WHERE publication_id = ?", (id_,))
        took = time.perf_counter() - began
    os.sched_setaffinity(0, {CLIENT_CPU})
    return 1000 * took / len(ids)


def _latencies(port: int, articles: Sequence[str]) -> Iterator[Row]:
    """Measure single questions one after the other, where nothing is kept."""
    tags = [one["slug"] for one in json.loads(fetch(port, "/v1/tags?limit=100")[2])["items"]]
    cursors, cursor = [], ""
    for _ in range(20):
        page = json.loads(fetch(port, f"/v1/sync?limit=20{cursor}")[2])
        cursor = f"&cursor={page['next_cursor']}"
        cursors.append(f"/v1/sync?limit=20{cursor}")
    asked: dict[str, tuple[Sequence[str], str]] = {
        "article": (articles, ""),
        "list of 20 by tag": ([f"/v1/articles?tag={tag}" for tag in tags], ""),
        "sync page of 20": (cursors, ""),
        **_searches(),
    }
    yield from _one_at_a_time(port, asked)


def _searches() -> dict[str, tuple[Sequence[str], str]]:
    words = Language(Random(SEED)).words
    rare = [f"/v1/search?q={words[7_000 + at]}%20{words[9_000 - at]}" for at in range(400)]
    single = [f"/v1/search?q={words[7_000 + at]}" for at in range(400)]
    common = [f"/v1/search?q={words[60 + at]}%20{words[300 + at]}" for at in range(200)]
    return {
        "search, two words each in at most 2 %": (rare, "≤ 15 ms at 2,000, ≤ 60 ms at 200,000"),
        "search, one such word": (single, ""),
        "search, two common words": (common, "≤ twice that"),
    }


def _one_at_a_time(port: int, asked: dict[str, tuple[Sequence[str], str]], *, on: str = "") -> Iterator[Row]:
    for name, (paths, bar) in asked.items():
        tell(f"{name}{on}, one at a time")
        load = drive(port, [question(path) for path in paths], seconds=SECONDS, connections=1)
        yield (
            f"{name}, nothing kept{on}",
            f"median {load.percentile(0.5):.1f} ms",
            f"p95 {load.percentile(0.95):.1f} ms",
            bar,
        )


def on_postgresql() -> Iterator[Row]:
    """Measure what the other database does in its own way."""
    tell(f"the same {SCALE:,} articles on PostgreSQL")
    port = free_port()
    with postgresql(SCALE) as (data, url), standfirst(data, port, cache_bytes="0", database_url=url):
        yield from _one_at_a_time(port, _searches(), on=", PostgreSQL")


def mixed(data: Path) -> Iterator[Row]:
    """Measure the memory of a worker under all sorts of questions, with the default cache."""
    port = free_port()
    with standfirst(data, port) as process:
        cards = [
            card["slug"] for sort in ("-published_at", "published_at", "title") for card in _listed(port, sort)
        ]
        words = Language(Random(SEED)).words
        asked = [
            question(f"/v1/articles/{slug}{form}", Accept_Encoding=coding)
            for slug in cards
            for form in ("", "/html", "/ninjs")
            for coding in ("br", "gzip")
        ]
        asked += [question(f"/v1/search?q={words[500 + at]}") for at in range(300)]
        asked += [question(path) for path in ("/v1/feeds/rss.xml", "/sitemap.xml", "/v1/sync", "/v1/tags")]
        held = []
        tell(f"memory under a mixed load of {MIXED:.0f} s")
        for _ in range(3):
            drive(port, asked, seconds=MIXED / 3)
            held.append(_resident(process.pid))
        shown = ", ".join(f"{one:.0f}" for one in held)
        yield (
            f"resident memory, {MIXED:.0f} s of mixed load",
            f"{held[-1]:.0f} MB",
            f"by thirds {shown} MB",
            "< 250 MB, flat",
        )


def _listed(port: int, sort: str) -> list[dict[str, str]]:
    cards: list[dict[str, str]] = json.loads(fetch(port, f"/v1/articles?limit=100&sort={sort}")[2])["items"]
    return cards


def _resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def table(rows: Sequence[Row]) -> str:
    """Return the section of this size."""
    head = "| work | Standfirst | beside it | ratio, or bar |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def keep(section: str) -> None:
    """Put a size's section into the place of what was measured of it before."""
    title = f"## {SCALE:,} articles"
    parts = RESULTS.read_text(encoding="utf-8").split("\n## ") if RESULTS.exists() else ["# What was measured\n"]
    kept = [part for part in parts[1:] if not part.startswith(title.removeprefix("## ") + "\n")]
    machine = (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}; medians of {ROUNDS} rounds of "
        f"{SECONDS:.0f} s; one worker on one processor, the client on the other."
    )
    made = f"{title.removeprefix('## ')}\n\n{machine}\n\n{section}"
    order = sorted([*kept, made], key=lambda part: int(part.split(" ")[0].replace(",", "")))
    RESULTS.write_text(
        "\n## ".join([parts[0].rstrip() + "\n", *(one.rstrip() + "\n" for one in order)]), encoding="utf-8"
    )


def main() -> None:
    """Measure, print, and keep."""
    FOLDER.mkdir(exist_ok=True)
    tell(f"a newsroom of {SCALE:,} articles")
    data, took = newsroom(SCALE)
    os.sched_setaffinity(0, {CLIENT_CPU})
    rows = [
        (
            "import",
            f"{SCALE / took['seconds']:.0f} a second, {1000 * took['cpu'] / SCALE:.1f} ms of processor time each",
            f"{took['kilobytes'] / 1000:.0f} MB at most, {took['bytes'] / 1e6:,.0f} MB on disk",
            "≥ 500 a second, ≤ 300 MB",
        ),
        *warm(data),
        *cold(data),
        *(on_postgresql() if POSTGRESQL else ()),
        *mixed(data),
    ]
    keep(table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
