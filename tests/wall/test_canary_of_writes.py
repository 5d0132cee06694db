"""The canary for operations that write: nobody without the right gets a word out of one, or anything in."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from domain.people import Role
from domain.sessions import Session
from infra import sessions
from infra.ids import new_id
from infra.tables import events
from tests.api.forms import confirmation
from tests.newsroom import Json, Newsroom, People, paragraph, png
from tests.signing_in import PASSWORD
from tests.wall import walk
from tests.wall.canaries import TILLS
from tests.wall.corpus import PERSONS, Corpus

OUTSIDE = ("anonymous", "reader", "subscriber", "planned", "outsider", "partner", "program", "cashier", "till")
PROGRAMS = ("program", "till")
OPEN = {"get_token", "revoke_token", "sign_up", "confirm_email", "reset_password"}
OWN = {  # everybody may with what is theirs, but these
    "acknowledge_removals": [one for one in OUTSIDE if one not in {"partner", "program"}],
    "give_article": ["anonymous", "partner", *PROGRAMS],
    "revoke_gift": ["anonymous", *PROGRAMS],
    "edit_me": ["anonymous", "partner", *PROGRAMS],
    "delete_me": ["anonymous", "partner", *PROGRAMS],
    "end_session": ["anonymous", *PROGRAMS],
    "end_sessions": ["anonymous", *PROGRAMS],
    **{f"{verb}_subscription": sorted({*OUTSIDE} - TILLS) for verb in ("create", "edit", "revoke", "delete")},
}


def writing(app: FastAPI) -> Iterator[walk.Operation]:
    return (operation for operation in walk.operations(app) if operation.method not in walk.SAFE)


async def number_of_events(app: FastAPI) -> int:
    async with app.state.parts.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(events)) or 0)


async def test_nobody_writes_what_is_not_theirs_or_learns_from_trying(corpus: Corpus, app: FastAPI) -> None:
    before = await number_of_events(app)
    for operation in writing(app):
        for turn, asked in enumerate(walk.writes(app, corpus, operation)):
            person = OUTSIDE[turn % len(OUTSIDE)]
            everybody = ["reader"] if operation.id in OPEN else OUTSIDE if turn == 0 else [person]
            everybody = OWN.get(operation.id, everybody)
            for one in everybody:
                answer = await walk.send(corpus, one, asked)
                met = corpus.canaries.in_text(answer.said)
                assert not {word for word in met if one not in corpus.canaries.audience[word]}
                if operation.id not in OPEN:
                    assert answer.status == (401 if one == "anonymous" else 403), (one, operation.id)
    assert await number_of_events(app) == before
    await contributors_can_do_nothing_to_what_others_write(corpus, app)
    assert await number_of_events(app) == before


async def contributors_can_do_nothing_to_what_others_write(corpus: Corpus, app: FastAPI) -> None:
    for operation in writing(app):
        if operation.id in {*OPEN, *OWN, "create_article", "write_articles"}:
            continue
        for asked in walk.writes(app, corpus, operation):
            answer = await walk.send(corpus, "colleague", asked)
            met = corpus.canaries.in_text(answer.said)
            assert not {word for word in met if "colleague" not in corpus.canaries.audience[word]}
            assert answer.status == (404 if "{article_id}" in operation.path else 403), asked.path


async def a_gift_of(corpus: Corpus, person: str, article_id: str) -> str:
    """A gift that somebody gave."""
    path = f"/v1/articles/{article_id}/gifts"
    return str((await corpus.client.post(path, headers=corpus.headers[person])).json()["id"])


async def a_session_of(corpus: Corpus, person: str) -> str:
    """A session that somebody has besides the token that they call with."""
    parts = corpus.people.parts
    now = parts.sources.now()
    session = Session(new_id(), corpus.accounts[person].id, None, None, now, now, now + timedelta(days=1))
    async with parts.database.write() as connection:
        await sessions.start(connection, session, "a token")
    return session.id


async def test_every_writing_operation_has_a_request_that_works(corpus: Corpus, app: FastAPI) -> None:
    editor, done = corpus.editor, dict[str, int]()
    bodies = walk.write_bodies(corpus) | {
        "confirm_email": {"json": {"token": confirmation(editor), "password": PASSWORD}}
    }
    operations = {operation.id: operation for operation in writing(app)}
    made: dict[str, Json] = {
        "article_id": await editor.draft(title="To be written on"),
        "media_id": await editor.medium(png(shade=9)),
        "action": {"id": "submit"},
        "number": {"id": "1"},
        "session_id": {"id": await a_session_of(corpus, "admin"), "version": 1},
    }
    made["slug_or_id"] = await editor.published(title="To be given", access={"requires": "subscriber"})
    made["gift_id"] = {"id": await a_gift_of(corpus, "admin", made["slug_or_id"]["id"]), "version": 1}
    previewed = await editor.send("POST", f"/articles/{made['article_id']['id']}/previews")
    made = {"preview_id": {"id": previewed.json()["id"], "version": 1}, **made}
    somebody = await corpus.people.add("reader")
    await corpus.people.add("admin")  # who is left when the one who writes has left
    made["account_id"] = {"id": somebody.id, "version": 1}
    made["subscription_id"] = await corpus.admin.subscribe((await corpus.people.add("reader")).id, "coast")
    made["client_id"] = (await corpus.admin.send("POST", "/clients", json={"name": "Leaflet"})).json()
    made["secret_id"] = made["client_id"]["secrets"][0]
    unlicensed = (await corpus.admin.send("POST", "/clients", json={"name": "Press"})).json()["id"]
    licensed = (await corpus.admin.send("POST", "/clients", json={"name": "Radio"})).json()["id"]
    made["licence_id"] = await corpus.admin.licence(licensed)
    bodies["create_licence"] = {"json": {"client_id": unlicensed, "articles": "everything"}}
    bodies["create_subscription"] = {"json": {"account_id": somebody.id, "plan": "coast"}}
    for verb in ("edit", "delete"):
        await corpus.admin.plan(f"{verb}-on")
    for verb in ("edit", "merge", "delete"):
        await editor.tag(f"{verb}-on")
        await editor.contributor(f"{verb}-on")
    late = {"revoke_subscription": 1, "delete_client": 1, "end_sessions": 2, "delete_me": 2}
    for id_ in sorted(operations, key=lambda id_: (id_.startswith("delete"), late.get(id_, 0))):
        slug = f"{id_.partition('_')[0]}-on"
        path = operations[id_].path.format(slug=slug, **{name: one["id"] for name, one in made.items()})
        subject = next((one for one in made.values() if f"/{one['id']}" in path), {"version": 1})
        version = {**bodies[id_].get("headers", {}), "If-Match": f'"{subject["version"]}"'}
        person = "program" if id_ == "acknowledge_removals" else "admin"
        asked = walk.Asked(operations[id_], path)
        answer = await walk.send(corpus, person, asked, **{**bodies[id_], "headers": version})
        done[id_] = answer.status
        moves = "{article_id}" in operations[id_].path and "/previews" not in path
        if moves or re.search("{(media|account|subscription|client|licence)_id}", operations[id_].path):
            subject["version"] += 1
    assert {id_: status for id_, status in done.items() if not 200 <= status < 300} == {}


async def _is_public(corpus: Corpus, medium: Json) -> bool:
    return (await corpus.client.get(f"/media/{medium['id']}/original")).is_success


async def test_a_contributor_cannot_find_out_which_pictures_exist(newsroom: Newsroom, people: People) -> None:
    secret, public = await newsroom.medium(), await newsroom.medium(png(shade=9))
    await newsroom.published(lead_image={"media_id": public["id"]})
    contributor = Newsroom(newsroom.client, await people.headers("contributor"))

    def naming(media_id: str) -> Json:
        return {"title": "Fishing", "language": "en", "lead_image": {"media_id": media_id}}

    there = await contributor.send("POST", "/articles", json=naming(secret["id"]))
    missing = await contributor.send("POST", "/articles", json=naming(new_id()))
    assert there.status_code == missing.status_code == 422
    assert there.json()["errors"] == missing.json()["errors"]
    assert (await contributor.send("POST", "/articles", json=naming(public["id"]))).status_code == 201


async def test_a_contributors_own_article_brings_nothing_of_what_it_names(corpus: Corpus) -> None:
    live = [one for one in corpus.articles.values() if (one["publication"] or {}).get("state") == "live"]
    seen = [one for one in corpus.media.values() if await _is_public(corpus, one)]
    pictures = [{"_type": "image", "media_id": one["id"]} for one in seen]
    assert pictures
    form = {
        "title": "Fishing",
        "language": "en",
        "body": [paragraph("Text."), *pictures],
        "lead_image": {"media_id": seen[0]["id"]},
        "related": [one["id"] for one in live],
        "tags": corpus.tags,
        "credits": [{"role": "author", "contributor": slug} for slug in corpus.contributors],
    }
    sent, headers = corpus.canaries.in_text(str(form)), corpus.headers["colleague"]
    answers = [
        await corpus.client.post(f"/v1/editorial/articles?dry_run={dry_run}", json=form, headers=headers)
        for dry_run in ("true", "false")
    ]
    own = f"/v1/editorial/articles/{answers[-1].json()['id']}"
    tried = {**headers, "If-Match": '"1"'}
    answers.append(await corpus.client.patch(f"{own}?dry_run=true", json=form, headers=tried))
    answers += [
        await corpus.client.get(f"{own}?body_format={body_format}", headers=headers)
        for body_format in ("html", "markdown")
    ]
    for answer in answers:
        assert answer.is_success, answer.text
        met = corpus.canaries.in_text(answer.text) - sent
        assert not {word for word in met if "colleague" not in corpus.canaries.audience[word]}


@pytest.mark.parametrize("name", ["related", "translation_of", "body"])
async def test_a_contributor_cannot_find_out_which_drafts_of_others_exist(
    newsroom: Newsroom, people: People, name: str
) -> None:
    def naming(article_id: str) -> Json:
        value = {
            "related": [article_id],
            "translation_of": article_id,
            "body": [{"_type": "related", "article_id": article_id}],
        }
        return {"title": "Fishing", "language": "en", name: value[name]}

    draft, public = await newsroom.draft(), await newsroom.published(title="Public")
    contributor = Newsroom(newsroom.client, await people.headers("contributor"))
    there = await contributor.send("POST", "/articles", json=naming(draft["id"]))
    missing = await contributor.send("POST", "/articles", json=naming(new_id()))
    own = await contributor.draft(title="Own")
    assert there.status_code == missing.status_code == 422
    assert there.json()["errors"] == missing.json()["errors"]
    for allowed in (own["id"], public["id"]):
        assert (await contributor.send("POST", "/articles", json=naming(allowed))).status_code == 201


async def test_a_contributor_can_go_on_with_an_own_draft_that_an_editor_linked_to_a_secret_one(
    newsroom: Newsroom, people: People
) -> None:
    secret = await newsroom.draft()
    contributor = Newsroom(newsroom.client, await people.headers("contributor"))
    own = await newsroom.edit(await contributor.draft(title="Own"), related=[secret["id"]])
    edited = await contributor.edit(own, title="Still my own")
    assert edited["related"] == [secret["id"]]


def test_people_are_those_of_the_contract() -> None:
    assert {Role(role) for roles in PERSONS.values() for role in roles} == set(Role)
