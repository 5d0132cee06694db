"""Makes the corpus by the API: people of every role, articles behind every gate and in every state."""

from datetime import timedelta

import httpx

from domain.people import Account
from infra.passwords import hash_password
from tests.newsroom import Json, People, paragraph, words
from tests.oidc import Provider
from tests.partners import headers_of, program
from tests.wall.canaries import (
    ADMIN,
    COVERED,
    EVERYBODY,
    LICENSED,
    NEWSROOM,
    NOBODY,
    PLANNED,
    REGISTERED,
    STAFF,
    SUBSCRIBED,
    TILLS,
    WRITER,
)
from tests.wall.corpus import PASSWORD, PERSONS, Corpus


async def make_corpus(client: httpx.AsyncClient, people: People, provider: Provider) -> Corpus:
    """Make all of it."""
    corpus = Corpus(client, people)
    await _add_people(corpus)
    await _add_program(corpus)
    await _add_till(corpus)
    await _add_outsider(corpus, provider)
    await _add_names(corpus)
    await _add_plans(corpus)
    await _add_gated(corpus)
    await _add_secret(corpus)
    await _add_taken_back(corpus)
    await _add_to_come(corpus)
    await _add_previews(corpus)
    return corpus


async def _add_people(corpus: Corpus) -> None:
    hashed = hash_password(PASSWORD)
    for person, roles in PERSONS.items():
        corpus.headers[person] = {}
        if roles and person not in {"program", "till", "outsider"}:
            plans = ("gold",) if person == "planned" else ()
            account = await corpus.people.add(*roles, plans=plans, password_hash=hashed)
            corpus.accounts[person] = account
            token = corpus.people.token(account)
            corpus.headers[person] = {"Authorization": f"Bearer {token}"}
            # An account's id is its own business, but in the newsroom `created_by` names it.
            told = frozenset({person}) | ADMIN | (STAFF if person == "writer" else NOBODY)
            corpus.canaries.told(account.id, told | (TILLS if plans else NOBODY))  # whose subscription it is
    corpus.canaries.audience[corpus.accounts["editor"].id] |= WRITER  # who is told who edited theirs


async def _add_program(corpus: Corpus) -> None:
    """A partner's program: a client, which has no account and calls by a token of its own."""
    told = ADMIN | {"program"}
    one = await program(corpus.admin, name=corpus.word(told))
    corpus.headers["program"] = await headers_of(corpus.client, one)
    corpus.clients.append({name: value for name, value in one.made.items() if name != "secret"})
    corpus.canaries.told(one.id, told)
    corpus.canaries.told(one.made["secrets"][0]["id"], ADMIN)


async def _add_till(corpus: Corpus) -> None:
    """A payment system: a client that sets subscriptions, and reads as everybody does."""
    told = ADMIN | {"till"}
    one = await program(corpus.admin, name=corpus.word(told), role="cashier")
    corpus.headers["till"] = await headers_of(corpus.client, one)
    corpus.canaries.told(one.id, told)
    corpus.canaries.told(one.made["secrets"][0]["id"], ADMIN)


async def _add_outsider(corpus: Corpus, provider: Provider) -> None:
    """A subscriber by the word of an outside issuer: what that calls them is their own business."""
    told, now = ADMIN | {"outsider"}, corpus.people.parts.sources.now
    claims = {"sub": corpus.word(told), "email": f"{corpus.word(NOBODY)}@example.org", "name": corpus.word(NOBODY)}
    lasting = {"exp": int(now().timestamp()) + 80_000}
    corpus.headers["outsider"] = provider.bearer(now, "abonne", **claims, **lasting)
    me = (await corpus.client.get("/v1/me", headers=corpus.headers["outsider"])).json()
    corpus.accounts["outsider"] = Account(me["id"], "", me["name"], frozenset(), frozenset())
    corpus.canaries.told(me["id"], told)


async def _add_names(corpus: Corpus) -> None:
    editor = corpus.editor
    for slug in ("open", "shared"):
        await editor.tag(slug)
        corpus.tags.append(slug)
    portrait = await corpus.medium("portrait", seen=EVERYBODY)
    for name in ("alt", "licence"):
        corpus.canaries.told(portrait[name], EVERYBODY)
    await editor.contributor("known", bio="Writes.", media_id=portrait["id"])
    corpus.contributors.append("known")
    secret = {"name": corpus.word(NEWSROOM), "names": {"fr": corpus.word(NEWSROOM)}}
    corpus.tags.append((await editor.tag(corpus.word(NEWSROOM), **secret))["slug"])
    corpus.tags.append((await editor.tag(corpus.word(NEWSROOM), kind="section"))["slug"])
    picture = await corpus.medium("portrait of nobody public")
    corpus.canaries.told(picture["id"], NEWSROOM)
    link = {"url": f"https://{corpus.word(NEWSROOM)}.example/", "label": corpus.word(NEWSROOM)}
    texts = {name: corpus.word(NEWSROOM) for name in ("slug", "name", "bio")}
    maker = await editor.contributor(**texts, media_id=picture["id"], links=[link])
    corpus.contributors.append(maker["slug"])
    for kind, targets in (("tags", corpus.tags), ("contributors", corpus.contributors)):
        for target in targets:
            await _add_old_name(corpus, kind, target)


async def _add_old_name(corpus: Corpus, kind: str, target: str) -> None:
    """Something that was renamed and then merged: none of what it was called is told to anybody any more."""
    path, words = f"/{kind}", [corpus.word(NOBODY) for _ in range(3)]
    await corpus.editor.send("POST", path, json={"name": words[0], "slug": words[1]})
    await corpus.editor.send("PATCH", f"{path}/{words[1]}", version=1, json={"slug": words[2]})
    merged = await corpus.editor.send("POST", f"{path}/{words[2]}/merge", version=2, json={"into": target})
    assert merged.is_success, merged.text
    corpus.old_names += words[1:]


async def _add_plans(corpus: Corpus) -> None:
    """Plans with public names, one with a secret one, and subscriptions in some states."""
    for slug in ("shore", "harbour"):
        await corpus.editor.tag(slug)
        corpus.tags.insert(0, slug)
    await corpus.editor.tag("old-shore")
    merged = await corpus.editor.send("POST", "/tags/old-shore/merge", version=1, json={"into": "shore"})
    assert merged.is_success
    office = corpus.admin
    await office.plan("coast", opens={"tags": ["old-shore"], "sections": ["harbour"]})
    await office.plan("gold", opens={"tags": [], "sections": []})
    secret = {"names": {"en": corpus.word(ADMIN)}, "url": f"https://{corpus.word(ADMIN)}.example/"}
    hidden = await office.plan("gone", **secret, is_offered=False, opens="everything")
    corpus.canaries.told(hidden["id"], ADMIN)
    corpus.plans += ["coast", "gold", "gone"]
    covered, reader = corpus.accounts["covered"], corpus.accounts["reader"]
    external_id = corpus.word(ADMIN | TILLS | {"covered"})
    held = [
        await office.subscribe(covered.id, "coast", source="till", external_id=external_id),
        await office.revoke(await office.subscribe(reader.id, "gone")),
        await office.subscribe(reader.id, "gold", starts_at="2030-01-01T00:00:00Z"),
    ]
    (client,) = corpus.clients
    terms = {"usage_terms": corpus.word(STAFF | {"program"}), "quota": 1000}  # editors may ask what it gives
    licence = await office.licence(client["id"], articles={"tags": ["old-shore"]}, **terms)
    corpus.canaries.told(licence["id"], STAFF)
    corpus.licences.append(licence)
    for one, owner in zip(held, ("covered", "reader", "reader"), strict=True):
        corpus.canaries.told(one["id"], ADMIN | TILLS | {owner})
        corpus.canaries.audience[corpus.accounts[owner].id] |= TILLS  # whose it is
        corpus.subscriptions.append(one)


async def _add_gated(corpus: Corpus) -> None:
    now = corpus.people.parts.sources.now()
    past, future = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=30)).isoformat()
    lead = await corpus.medium("lead", said=EVERYBODY, seen=EVERYBODY)
    gold = {"requires": "subscriber", "plans": ["gold"]}
    inside = {"requires": "subscriber", "from": past, "until": future}
    # First, for what is asked for with every value of every parameter even in a thin walk is the first article.
    kept = await corpus.medium("kept from syndication", said=COVERED, seen=COVERED, may_be_syndicated="false")
    body = await corpus.body("by its tag", LICENSED)
    body.append({"_type": "image", "media_id": kept["id"], "_key": corpus.word(COVERED)})
    await corpus.gated("by its tag", LICENSED, {"requires": "subscriber"}, tags=["shore", "open"], body=body)
    await corpus.gated("free", EVERYBODY, {"requires": "free"})
    await corpus.gated("registered", REGISTERED, {"requires": "registered"}, teaser={"blocks": 1})
    leading = {"lead_image": {"media_id": lead["id"]}}
    subscriber = await corpus.gated("subscriber", SUBSCRIBED, {"requires": "subscriber"}, **leading)
    await corpus.gated("by its section", COVERED, {"requires": "subscriber"}, section="harbour")
    await corpus.gated("gold", PLANNED, gold, teaser={"words": 15, "boundary": "sentence"})
    await corpus.gated("inside", SUBSCRIBED, inside, language="fr", translation_of=subscriber["id"])
    await corpus.gated("before", EVERYBODY, {**gold, "from": future}, related=[subscriber["id"]])
    await corpus.gated("after", EVERYBODY, {"requires": "registered", "until": past})
    await corpus.gated("percent", SUBSCRIBED, {"requires": "subscriber"}, teaser={"percent": 15})
    hidden = await corpus.hidden_blocks("marker", SUBSCRIBED)
    body = [paragraph(words(12)), {"_type": "paywall"}, *hidden]
    fields: Json = {"teaser": {"marker": True}, "body": body, "slug": "gated-free", "language": "fr"}
    await corpus.gated("marker", SUBSCRIBED, {"requires": "subscriber"}, **fields)
    picture = await corpus.medium("essay", said=PLANNED, seen=PLANNED)
    essay = [{"_type": "image", "media_id": picture["id"], "_key": corpus.word(PLANNED)}]
    await corpus.gated("essay", PLANNED, gold, body=essay, teaser={"words": 0})


async def _add_secret(corpus: Corpus) -> None:
    editor, writer = corpus.editor, corpus.writer
    tag, section, maker = corpus.tags[-2], corpus.tags[-1], corpus.contributors[-1]
    picture = await corpus.medium("draft-only")
    naming: Json = {
        "tags": [tag],
        "section": section,
        "credits": [{"role": "author", "contributor": maker, "note": corpus.word(STAFF)}],
        "lead_image": {"media_id": picture["id"], "caption": corpus.word(STAFF), "alt": corpus.word(STAFF)},
    }
    corpus.articles["draft"] = await editor.draft(**corpus.secret_form(STAFF), **naming)
    corpus.articles["writer's draft"] = await writer.draft(**corpus.secret_form(WRITER))
    submitted = await writer.draft(**corpus.secret_form(WRITER))
    corpus.articles["submitted"] = await writer.act(submitted, "submit")
    for name, audience in (("draft", STAFF), ("writer's draft", WRITER), ("submitted", WRITER)):
        corpus.canaries.told(corpus.articles[name]["id"], audience)
    edited = await corpus.gated("edited", SUBSCRIBED, {"requires": "subscriber"})
    corpus.articles["edited"] = await editor.edit(edited, **corpus.secret_form(STAFF), **naming)
    await corpus.medium("unused")
    mine = await writer.draft(title="Mine", body=[paragraph(f"{words(40)} {corpus.word(SUBSCRIBED | WRITER)}")])
    mine = await editor.edit(mine, access={"requires": "subscriber"})
    corpus.articles["writer's, gated"] = await editor.act(mine, "publish")


async def _add_taken_back(corpus: Corpus) -> None:
    editor = corpus.editor
    first = await editor.published(
        title=corpus.word(STAFF),
        slug=corpus.word(STAFF),
        standfirst=corpus.word(STAFF),
        body=[paragraph(corpus.word(STAFF))],
    )
    corpus.old_slugs.append(first["slug"])
    body = [paragraph(f"{words(60)} {corpus.word(SUBSCRIBED)}")]
    again: Json = {"title": "Again", "slug": "again", "standfirst": "Public.", "body": body}
    second = await editor.edit(first, **again, access={"requires": "subscriber"})
    corpus.articles["again"] = await editor.act(second, "publish")
    unpublished = await editor.published(**corpus.secret_form(STAFF))
    corpus.old_slugs.append(unpublished["slug"])
    told = {"public_note": corpus.word(STAFF), "note": corpus.word(STAFF)}
    corpus.articles["unpublished"] = await editor.act(unpublished, "unpublish", **told)
    corpus.canaries.told(unpublished["id"], STAFF)
    withdrawn = await editor.published(**corpus.secret_form(STAFF))
    told = {"public_note": f"Wrong: {corpus.word(EVERYBODY)}.", "note": corpus.word(STAFF)}
    corpus.articles["withdrawn"] = await editor.act(withdrawn, "withdraw", **told)


async def _add_to_come(corpus: Corpus) -> None:
    """An article that is scheduled, and a live one that a scheduled edition will replace."""
    editor, at = corpus.editor, (corpus.people.parts.sources.now() + timedelta(days=30)).isoformat()
    picture = await corpus.medium("to come")
    tag, maker = corpus.tags[-2], corpus.contributors[-1]
    naming: Json = {
        "tags": [tag],
        "credits": [{"role": "author", "contributor": maker}],
        "lead_image": {"media_id": picture["id"]},
    }
    coming = await editor.draft(**corpus.secret_form(STAFF), **naming, note=corpus.word(STAFF))
    corpus.articles["to come"] = await editor.act(coming, "schedule", at=at)
    corpus.canaries.told(coming["id"], STAFF)
    live = await corpus.gated("to be replaced", SUBSCRIBED, {"requires": "subscriber"})
    live = await editor.edit(live, **corpus.secret_form(STAFF), **naming)
    corpus.articles["to be replaced"] = await editor.act(live, "schedule", at=at)


async def _add_previews(corpus: Corpus) -> None:
    """Links that everybody has in the walk: what they show is for everybody, and nothing else of the draft is."""
    writer, editor = corpus.writer, corpus.editor
    hidden = [
        paragraph(f"two more {corpus.word(WRITER)}"),
        paragraph(corpus.word(WRITER), _key=corpus.word(WRITER)),
    ]
    bodies = {
        "anonymous": [paragraph(words(12)), *hidden],
        "subscriber": await corpus.body("previewed", EVERYBODY),
    }
    for role, body in bodies.items():
        secret = corpus.secret_form(EVERYBODY)
        secret["body"] += body
        gate = {"access": {"requires": "subscriber"}, "teaser": {"words": 36, "boundary": "word"}}
        draft = await writer.draft(title="To be previewed")
        draft = await editor.edit(draft, **secret, **gate)
        made = (await writer.send("POST", f"/articles/{draft['id']}/previews", json={"role": role})).json()
        later = await editor.edit(draft, title=corpus.word(WRITER), standfirst=corpus.word(WRITER))
        corpus.articles[f"previewed by {role}"] = later
        corpus.previews[role] = made
        corpus.canaries.told(later["id"], EVERYBODY)
        corpus.canaries.told(made["id"], WRITER)
