"""A mobile app that follows what changes, and what a full read gives instead."""

import re
from typing import Any

import httpx

from tests.newsroom import Json

_SIGNED = re.compile(r"\?expires=\d+&signature=[\w-]+")


def unsigned(shown: Any) -> Any:
    """Return what was shown without the signatures of pictures, which differ from time to time."""
    if isinstance(shown, dict):
        return {name: unsigned(value) for name, value in shown.items()}
    if isinstance(shown, list):
        return [unsigned(value) for value in shown]
    return _SIGNED.sub("", shown) if isinstance(shown, str) else shown


class Follower:
    """Holds what it was told of, page by page; starts anew when it is told to."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str], **query: Any) -> None:
        self.client, self.headers, self.query = client, headers, query
        self.held: dict[str, Json] = {}
        self.cursor: str | None = None
        self.resets = 0

    async def page(self, limit: int = 3) -> Json | None:
        """Take one page; nothing comes where the follower has to start anew."""
        query = {**self.query, "limit": limit, **({"cursor": self.cursor} if self.cursor else {})}
        response = await self.client.get("/v1/sync", params=query, headers=self.headers)
        if response.status_code == 410:
            assert response.json()["type"] == "/problems/sync-reset"
            self.held, self.cursor, self.resets = {}, None, self.resets + 1
            return None
        assert response.status_code == 200, response.text
        page: Json = response.json()
        for item in page["items"]:
            if item["type"] == "upsert":
                self.held[item["article"]["id"]] = unsigned(item["article"])
            else:
                self.held.pop(item["id"], None)
        self.cursor = page["next_cursor"]
        return page

    async def catch_up(self, limit: int = 3) -> None:
        """Take pages until there are no more."""
        while (page := await self.page(limit)) is None or page["has_more"]:
            pass


async def read_all(client: httpx.AsyncClient, headers: dict[str, str], **query: str) -> dict[str, Json]:
    """Read every article that lists name, as followers hold them."""
    found: dict[str, Json] = {}
    cursor = ""
    while cursor is not None:
        asked = {**query, "limit": "100", **({"cursor": cursor} if cursor else {})}
        listed = (await client.get("/v1/articles", params=asked, headers=headers)).json()
        for card in listed["items"]:
            response = await client.get(f"/v1/articles/{card['id']}", headers=headers)
            assert response.status_code == 200, response.text
            article = unsigned(response.json())
            del article["access"]["offers"], article["access"]["meter"]
            found[card["id"]] = article
        cursor = listed["next_cursor"]
    return found
