"""Export, import into the other kind of database, export again: the same bytes, and the same answers for all."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pyvips
from fastapi import FastAPI

from api.app import create_app
from infra.ids import Sources
from infra.settings import Settings
from tests.api.rich import write
from tests.conftest import _empty, _in_loop
from tests.exchanging import hand_over, take_over
from tests.newsroom import Clock, Newsroom, People, paragraph, words

ROLES = (("anonymous",), ("reader",), ("subscriber",), ("editor",))


@pytest.fixture
def other_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty database of the other kind."""
    if database_kind == "postgresql":
        path = tmp_path / "other.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("postgresql_url")
    yield url
    _in_loop(_empty(url))


@pytest.fixture
async def other(other_url: str, settings: Settings, tmp_path: Path, clock: Clock) -> AsyncIterator[FastAPI]:
    """The application on the other database, with a data folder of its own."""
    changed = {"database_url": other_url, "data_dir": tmp_path / "other-data"}
    app = create_app(settings.model_copy(update=changed), Sources(now=clock))
    async with app.router.lifespan_context(app):
        yield app


def photograph() -> bytes:
    """A JPEG with metadata: what is kept of it are other bytes than these."""
    image = pyvips.Image.gaussnoise(64, 48, mean=128).cast("uchar")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "Somebody")
    data: bytes = image.jpegsave_buffer(Q=80)
    return data


async def fill(newsroom: Newsroom, people: People, clock: Clock) -> None:
    """Bring a newsroom into every state that one can be in."""
    rich = await write(newsroom)
    corrected = await newsroom.edit(rich.article, title="La marée haute", slug="la-maree-haute")
    await newsroom.act(corrected, "correct", public_note="It was high.", note="Seen by a reader.")
    await newsroom.tag("sel", name="Sel")
    salt = (await newsroom.send("GET", "/tags/salt")).json()
    merged = await newsroom.send("POST", "/tags/salt/merge", version=salt["version"], json={"into": "sel"})
    assert merged.is_success
    ana = (await newsroom.send("GET", "/contributors/ana")).json()
    fields = {"slug": "ana-b", "media_id": rich.lead["id"], "links": [{"url": "https://ana.test/"}], "bio": "Bio."}
    assert (await newsroom.send("PATCH", "/contributors/ana", version=ana["version"], json=fields)).is_success
    focus = {"focal_point": {"x": 0.1, "y": 0.9}}
    version = rich.picture["version"]
    moved = await newsroom.send("PATCH", f"/media/{rich.picture['id']}", version=version, json=focus)
    assert moved.is_success
    await newsroom.medium(photograph(), alt="A photograph", may_be_syndicated="false")
    gate = {"requires": "subscriber", "plans": ["monthly"], "until": "2027-01-01T00:00:00Z", "metered": False}
    gone = await newsroom.published(title="Gone", access=gate, body=[paragraph(words(200))])
    await newsroom.act(gone, "withdraw", public_note="It was wrong.")
    await newsroom.act(await newsroom.published(title="Hidden"), "unpublish")
    until = (clock.time + timedelta(hours=1)).isoformat()
    await newsroom.act(await newsroom.draft(title="Expired"), "publish", until=until)
    due = (clock.time + timedelta(hours=2)).isoformat()
    live = await newsroom.edit(await newsroom.published(title="Replaced", slug="replaced"), slug="replacing")
    await newsroom.act(live, "schedule", at=due)
    clock.move(hours=3)
    newsroom.headers = await people.headers("editor")
    coming = (clock.time + timedelta(days=2)).isoformat()
    live = await newsroom.published(title="Live")
    await newsroom.act(await newsroom.edit(live, title="Live, later"), "schedule", at=coming)
    await newsroom.act(await newsroom.draft(title="Coming"), "schedule", at=coming)
    named = await newsroom.draft(title="Removed soon")
    await newsroom.act(await newsroom.draft(title="Handed in", related=[named["id"]]), "submit")
    assert (await newsroom.send("DELETE", f"/articles/{named['id']}", version=named["version"])).is_success
    lost = await newsroom.medium()
    image = {"_type": "image", "media_id": lost["id"]}
    shown = await newsroom.published(title="Without its picture", body=[paragraph("One."), image])
    shown = await newsroom.edit(shown, body=[paragraph("Two.")], note="No picture any more")
    await newsroom.act(shown, "publish")
    assert (await newsroom.send("DELETE", f"/media/{lost['id']}", version=lost["version"])).is_success


async def answers(app: FastAPI, slugs: list[str], ids: list[str], clock: Clock) -> dict[str, Any]:
    """What everybody is answered, at one moment."""
    before = clock.time
    transport = httpx.ASGITransport(app)
    found: dict[str, Any] = {}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.test") as client:
        for roles in ROLES:
            headers = await People(app.state.parts).headers(*roles)
            paths = [f"/v1/articles/{slug}" for slug in slugs]
            paths += ["/v1/articles", "/v1/tags", "/v1/contributors", "/v1/tags/salt", "/v1/contributors/ana"]
            if roles == ("editor",):
                for id_ in ids:
                    paths += [f"/v1/editorial/articles/{id_}", f"/v1/editorial/articles/{id_}/revisions"]
                paths += ["/v1/editorial/tags", "/v1/editorial/contributors", "/v1/editorial/media"]
            for path in paths:
                clock.time = before
                response = await client.get(path, headers=headers)
                found[f"{roles} {path}"] = response.status_code, _unsigned(response)
    return found


def _unsigned(response: httpx.Response) -> Any:
    """An answer without what is another one each time: ids of requests, signatures, sealed cursors."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items() if name not in {"request_id", "next_cursor"}}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return (
            value.partition("?")[0] if isinstance(value, str) and value.startswith("https://api.test/") else value
        )

    return plain(response.json()) if response.content else response.headers.get("location")


async def test_nothing_is_lost_on_the_way_to_another_database(
    app: FastAPI, other: FastAPI, newsroom: Newsroom, people: People, clock: Clock, tmp_path: Path
) -> None:
    await fill(newsroom, people, clock)
    first = await hand_over(app.state.parts, tmp_path / "one")
    told = await take_over(other.state.parts, first)
    assert told.said == []
    assert told.summary.made == len(first.read_text().splitlines())
    second = await hand_over(other.state.parts, tmp_path / "two")
    assert second.read_text() == first.read_text()
    files = sorted(path.name for path in (tmp_path / "one" / "media").iterdir())
    for name in files:
        assert (tmp_path / "two" / "media" / name).read_bytes() == (tmp_path / "one" / "media" / name).read_bytes()
    assert len(files) == 3


async def test_everybody_is_answered_as_before(
    app: FastAPI, other: FastAPI, newsroom: Newsroom, people: People, clock: Clock, tmp_path: Path
) -> None:
    await fill(newsroom, people, clock)
    first = await hand_over(app.state.parts, tmp_path / "one")
    assert (await take_over(other.state.parts, first)).said == []
    listed = (await newsroom.send("GET", "/articles", params={"limit": "100"})).json()["items"]
    slugs = sorted({one["slug"] for one in listed} | {"la-maree", "replaced"})
    ids = [one["id"] for one in listed]
    assert await answers(other, slugs, ids, clock) == await answers(app, slugs, ids, clock)


async def test_an_export_changes_nothing_where_it_came_from(
    app: FastAPI, newsroom: Newsroom, people: People, clock: Clock, tmp_path: Path
) -> None:
    await fill(newsroom, people, clock)
    first = await hand_over(app.state.parts, tmp_path / "one")
    told = await take_over(app.state.parts, first)
    assert told.counts == (0, 0, len(first.read_text().splitlines()), 0)
    assert (await hand_over(app.state.parts, tmp_path / "two")).read_text() == first.read_text()


async def test_another_history_is_refused(
    app: FastAPI, newsroom: Newsroom, people: People, clock: Clock, tmp_path: Path
) -> None:
    article = await newsroom.published(title="Here")
    first = await hand_over(app.state.parts, tmp_path / "one")
    await newsroom.edit(article, title="Changed here")
    told = await take_over(app.state.parts, first)
    assert told.counts == (0, 0, 0, 1)
