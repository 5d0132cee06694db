"""What every request goes through: its parts, its one moment, and the version that a write names."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from api.parts import Visit
from domain.people import ANONYMOUS
from tests.newsroom import Newsroom

WHEN = datetime(2026, 1, 31, tzinfo=UTC)


def test_a_write_has_no_snapshot_to_read_from(app: FastAPI) -> None:
    visit = Visit(app.state.parts, ANONYMOUS, WHEN, None, None)
    with pytest.raises(RuntimeError, match="reads in its own transaction"):
        _ = visit.reading


NOT_ONE_TAG = (
    "7",
    '"7',
    '7"',
    '"1", "2"',
    "nonsense",
    '" 1"',
)


@pytest.mark.parametrize("tag", ['W/"1"', '""', '"-1"', '"1.0"', '"1234567890"', '"abc"'])
async def test_a_tag_that_is_no_version_is_as_stale_as_any(newsroom: Newsroom, tag: str) -> None:
    await newsroom.tag("news")
    answer = await newsroom.send("PATCH", "/tags/news", headers={"If-Match": tag}, json={"name": "New"})
    assert (answer.status_code, answer.json()["current_version"]) == (412, 1)


async def test_a_write_names_the_version_that_it_was_made_on(newsroom: Newsroom) -> None:
    await newsroom.tag("news")

    async def edit(**headers: str) -> tuple[int, str]:
        given = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
        response = await newsroom.send("PATCH", "/tags/news", json={"name": "News"}, headers=given)
        return response.status_code, response.json().get("type", "")

    for tag in NOT_ONE_TAG:
        assert await edit(If_Match=tag) == (400, "/problems/bad-request"), tag
    for headers in ({}, {"If_Match": "*"}, {"If_Match": " * "}):
        assert await edit(**headers) == (428, "/problems/precondition-required"), headers
    assert await edit(If_Match='"2"') == (412, "/problems/stale")
    assert await edit(If_Match=' "1" ') == (200, "")
    assert await edit(If_Match='"1"') == (412, "/problems/stale")
