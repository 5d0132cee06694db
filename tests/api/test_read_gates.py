"""Who gets an article whole and why: each gate, each kind of reader, each moment of a window."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from tests.newsroom import Clock, Json, Newsroom, People

GATES: dict[str, Json] = {
    "free": {"requires": "free"},
    "registered": {"requires": "registered"},
    "subscriber": {"requires": "subscriber"},
    "plans": {"requires": "subscriber", "plans": ["patron", "monthly"]},
    "other": {"requires": "subscriber", "plans": ["patron"]},
}
READERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "anonymous": ((), ()),
    "reader": (("reader",), ()),
    "reader with a plan": (("reader",), ("monthly",)),
    "subscriber": (("subscriber",), ()),
    "subscriber with a plan": (("subscriber",), ("monthly",)),
    "partner": (("partner",), ()),
    "contributor": (("contributor",), ()),
    "editor": (("editor",), ()),
    "admin": (("admin",), ()),
}
OPEN = {"free": "free", "registered": "registered", "subscriber": "subscriber", "plans": "subscriber"}
OPENED_BY = {
    "anonymous": {"free"},
    "partner": {"free"},
    "reader": {"free", "registered"},
    "reader with a plan": {"free", "registered"},
    "contributor": {"free", "registered"},
    "subscriber": {"free", "registered", "subscriber"},
    "subscriber with a plan": {"free", "registered", "subscriber", "plans"},
}
REFUSED = {
    "registered": "registration_required",
    "subscriber": "subscription_required",
    "plans": "plan_required",
    "other": "plan_required",
}


def expected(gate: str, reader: str) -> tuple[str, str]:
    if reader in {"editor", "admin"}:
        return "full", "free" if gate == "free" else "staff"
    if gate in OPENED_BY[reader]:
        return "full", OPEN[gate]
    return "teaser", REFUSED[gate]


@pytest.mark.parametrize("reader", READERS)
async def test_each_gate_opens_to_whom_the_contract_says_and_tells_why(
    client: AsyncClient, newsroom: Newsroom, people: People, reader: str
) -> None:
    roles, plans = READERS[reader]
    headers = await people.headers(*roles, plans=plans)
    for gate, access in GATES.items():
        article = await newsroom.published(title=f"Gate {gate}", access=access)
        shown = (await client.get(f"/v1/articles/{article['id']}", headers=headers)).json()
        granted, reason = expected(gate, reader)
        is_full = granted == "full"
        assert (shown["access"]["granted"], shown["access"]["reason"]) == (granted, reason), gate
        assert shown["access"]["requires"] == access["requires"]
        assert shown["access"]["plans"] == access.get("plans", [])
        assert (shown["access"]["remaining_percent"] == 0) == is_full
        sells = not is_full and gate != "other"
        assert [offer["plan"] for offer in shown["access"]["offers"]] == (["monthly"] if sells else [])
        assert ("w99." in shown["body"][-1]["children"][-1]["text"]) == is_full


WINDOWS = {
    (None, None): (True, True, True),
    (1, None): (False, True, True),
    (None, 2): (True, True, False),
    (1, 2): (False, True, False),
}


async def test_a_gate_holds_inside_its_window_and_moves_with_the_clock(
    client: AsyncClient, newsroom: Newsroom, clock: Clock
) -> None:
    start = clock.time
    slugs = {}
    for since, until in WINDOWS:
        access: Json = {"requires": "subscriber"}
        if since:
            access["from"] = (start + timedelta(days=since)).isoformat()
        if until:
            access["until"] = (start + timedelta(days=until)).isoformat()
        slugs[since, until] = (await newsroom.published(title=f"Window {since} {until}", access=access))["slug"]
    for day in range(3):
        clock.time = start + timedelta(days=day, minutes=5)
        for window, gated in WINDOWS.items():
            shown = (await client.get(f"/v1/articles/{slugs[window]}")).json()["access"]
            told = (shown["requires"], shown["granted"], shown["reason"])
            closed = ("subscriber", "teaser", "subscription_required")
            assert told == (closed if gated[day] else ("free", "full", "free")), (window, day)


async def test_a_window_turns_at_its_very_moment(client: AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    since, until = clock.time + timedelta(days=1), clock.time + timedelta(days=2)
    access = {"requires": "registered", "from": since.isoformat(), "until": until.isoformat()}
    await newsroom.published(title="Sharp", access=access)
    for moment, granted in ((since, "teaser"), (until, "full")):
        clock.time = moment - timedelta(milliseconds=2)  # a look moves the clock a millisecond on
        before = (await client.get("/v1/articles/sharp")).json()["access"]["granted"]
        clock.time = moment - timedelta(milliseconds=1)
        after = (await client.get("/v1/articles/sharp")).json()["access"]["granted"]
        assert (before == granted, after) == (False, granted)


async def test_a_change_of_gate_acts_when_it_is_published(client: AsyncClient, newsroom: Newsroom) -> None:
    article = await newsroom.published(title="Gate")
    edited = await newsroom.edit(article, access={"requires": "registered"})
    assert (await client.get("/v1/articles/gate")).json()["access"]["granted"] == "full"
    await newsroom.act(edited, "publish")
    assert (await client.get("/v1/articles/gate")).json()["access"]["granted"] == "teaser"
