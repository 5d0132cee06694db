"""Every change writes its event in its own transaction: ids, and no text."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.people import Account, Role
from infra.tables import events
from tests.newsroom import Json, Newsroom, People, paragraph, png

SECRET = "Unspeakable"


async def written(people: People) -> list[dict[str, Any]]:
    async with people.parts.database.read() as connection:
        rows = await connection.execute(select(events).order_by(events.c.at, events.c.id))
        return [row._asdict() for row in rows]


async def desk(newsroom: Newsroom, people: People) -> tuple[Newsroom, Account]:
    account = await people.add(Role.EDITOR)
    return Newsroom(newsroom.client, {"Authorization": f"Bearer {people.token(account)}"}), account


async def test_each_change_of_an_article_is_told(newsroom: Newsroom, people: People) -> None:
    editor, account = await desk(newsroom, people)
    article = await editor.draft(title=SECRET, body=[paragraph(SECRET)])
    article = await editor.edit(article, standfirst=SECRET)
    for action in ("submit", "return", "publish", "unpublish", "publish", "withdraw"):
        note: Json = {"public_note": SECRET, "note": SECRET} if action == "withdraw" else {}
        article = await editor.act(article, action, **note)
    other = await editor.draft(title=SECRET)
    await editor.send("DELETE", f"/articles/{other['id']}", version=1)
    found = await written(people)
    assert [(one["subject_id"], one["action"], one["version"]) for one in found] == [
        (article["id"], "create", 1),
        (article["id"], "edit", 2),
        (article["id"], "submit", 3),
        (article["id"], "return", 4),
        (article["id"], "publish", 5),
        (article["id"], "unpublish", 6),
        (article["id"], "publish", 7),
        (article["id"], "withdraw", 8),
        (other["id"], "create", 1),
        (other["id"], "delete", 1),
    ]
    assert {one["subject"] for one in found} == {"article"}
    assert {one["by"] for one in found} == {account.id}
    assert {one["from_address"] for one in found} == {"192.0.2.7"}
    assert len({one["id"] for one in found}) == len(found)
    assert all(isinstance(one["at"], datetime) for one in found)
    assert SECRET.lower() not in repr(found).lower()


async def test_each_change_of_names_and_pictures_is_told(newsroom: Newsroom, people: People) -> None:
    tag = await newsroom.tag("unspeakable", name=SECRET)
    contributor = await newsroom.contributor("unspeakable", name=SECRET)
    medium = await newsroom.medium(alt=SECRET)
    await newsroom.send("PATCH", "/tags/unspeakable", version=1, json={"name": SECRET + "!"})
    await newsroom.send("PATCH", "/contributors/unspeakable", version=1, json={"bio": SECRET})
    await newsroom.send("PATCH", f"/media/{medium['id']}", version=1, json={"alt": SECRET + "!"})
    found = await written(people)
    assert [(one["subject"], one["subject_id"], one["action"], one["version"]) for one in found] == [
        ("tag", tag["id"], "create", 1),
        ("contributor", contributor["id"], "create", 1),
        ("medium", medium["id"], "upload", 1),
        ("tag", tag["id"], "edit", 2),
        ("contributor", contributor["id"], "edit", 2),
        ("medium", medium["id"], "edit", 2),
    ]
    assert SECRET.lower() not in repr(found).lower()


async def test_what_changes_nothing_tells_nothing(newsroom: Newsroom, people: People) -> None:
    form = {"title": "T", "language": "en", "body": [paragraph("x")]}
    draft = await newsroom.draft()
    before = await written(people)
    path = f"/articles/{draft['id']}"
    answers = [
        await newsroom.send("POST", "/articles", json=form, params={"dry_run": "true"}),
        await newsroom.send("POST", "/articles", json={**form, "tags": ["nowhere"]}),
        await newsroom.send("PATCH", path, version=9, json={"title": "x"}),
        await newsroom.send("PATCH", path, json={"title": "x"}),
        await newsroom.send("POST", f"{path}/actions/withdraw", version=1, json={"public_note": "x"}),
        await newsroom.send("DELETE", path, version=2),
        await newsroom.send("POST", "/tags", json={"name": "x", "slug": "NOT A SLUG"}),
        await newsroom.send("POST", "/media", files={"file": ("x", png()[:40])}),
        await newsroom.send("GET", path),
    ]
    assert [one.status_code for one in answers] == [200, 422, 412, 428, 409, 412, 422, 415, 200]
    assert await written(people) == before
