"""A follower whose subscription begins, narrows and ends: told to start anew, and then held to what is theirs."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from tests.following import Follower, read_all
from tests.newsroom import Clock, Newsroom, Office, People, paragraph, words

GATE = {"requires": "subscriber"}


@pytest.mark.parametrize("how", ["revoked", "ended by the clock", "narrowed", "merged"])
async def test_a_follower_whose_rights_change_starts_anew_and_gets_what_a_new_one_gets(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People, clock: Clock, how: str
) -> None:
    for slug in ("sea", "land", "air"):
        await newsroom.tag(slug)
    for at, tags in enumerate((["sea"], ["land"], ["sea", "land"], [], ["air"])):
        body = [paragraph(words(80, stem=f"w{at}x"))]
        await newsroom.published(title=f"Number {at}", body=body, access=GATE, tags=tags)
    plan = await office.plan("coast", opens={"tags": ["sea"], "sections": ["sea"]})
    account = await people.add("reader")
    headers = {"Authorization": f"Bearer {people.token(account)}"}

    async def check(follower: Follower, *, resets: int, whole: int) -> None:
        await follower.catch_up()
        anew = Follower(client, headers)
        await anew.catch_up()
        assert follower.held == anew.held == await read_all(client, headers)
        assert follower.resets == resets
        granted = [one["access"]["granted"] for one in follower.held.values()]
        assert (granted.count("full"), len(granted)) == (whole, 5)

    follower = Follower(client, headers)
    await check(follower, resets=0, whole=0)
    ends = clock.time + timedelta(minutes=10)
    held = await office.subscribe(account.id, "coast", ends_at=ends.isoformat())
    await check(follower, resets=1, whole=2)
    (edited,) = [one for one in follower.held.values() if one["title"] == "Number 1"]
    draft = (await newsroom.send("GET", f"/articles/{edited['id']}")).json()
    await newsroom.act(await newsroom.edit(draft, tags=["sea"]), "publish")
    await check(follower, resets=1, whole=3)
    match how:
        case "revoked":
            await office.revoke(held)
        case "ended by the clock":
            clock.time = ends
        case "narrowed":
            await office.edit("plans", plan, opens={"tags": ["air"], "sections": []})
        case "merged":
            await newsroom.send("POST", "/tags/air/merge", version=1, json={"into": "sea"})
    await check(follower, resets=2, whole={"narrowed": 1, "merged": 4}.get(how, 0))
