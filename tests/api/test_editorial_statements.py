"""How many statements the newsroom's requests take: as many, however much there is."""

import pytest
from fastapi import FastAPI

from tests.newsroom import Newsroom, paragraph
from tests.wall.statements import statements_of

READS = {
    "/articles?limit=100": 2,
    "/articles?limit=100&q=title&tag=sea&contributor=ana&language=en&publication=live&state=draft": 2,
    "/articles/{id}": 2,
    "/articles/{id}/revisions?limit=100": 2,
    "/articles/{id}/revisions/1": 3,
    "/articles/{id}/revisions/1/diff": 4,
    "/articles/{id}/events?limit=100": 2,
    "/articles/{id}/linked-from?limit=100": 2,
    "/articles/{id}/previews": 2,
    "/articles/{id}/readable-as?role=subscriber": 4,
    "/tags?limit=100": 1,
    "/contributors?limit=100": 1,
    "/media?limit=100": 1,
}


@pytest.mark.parametrize("more", [0, 3])
async def test_a_read_takes_this_many_statements_and_one_for_the_account(
    app: FastAPI, newsroom: Newsroom, more: int
) -> None:
    for slug in ("sea", *(f"tag-{at}" for at in range(more))):
        await newsroom.tag(slug)
    for slug in ("ana", *(f"maker-{at}" for at in range(more))):
        await newsroom.contributor(slug)
    body = [paragraph("text"), {"_type": "image", "media_id": (await newsroom.medium())["id"]}]
    fields = {"tags": ["sea"], "credits": [{"role": "author", "contributor": "ana"}], "body": body}
    article = await newsroom.published(**fields)
    for at in range(more):
        linking = await newsroom.published(title=f"Title {at}", related=[article["id"]], **fields)
        await newsroom.act(await newsroom.edit(linking, title=f"Title {at}, again"), "publish")
        article = await newsroom.edit(article, title=f"A title {at}", note="Again.")
        await newsroom.send("POST", f"/articles/{article['id']}/previews")
        await newsroom.medium()
    for path, number in READS.items():
        with statements_of(app) as sent:
            answer = await newsroom.send("GET", path.format(id=article["id"]))
        assert answer.status_code == 200, path
        assert len(sent) == number + 1, (path, len(sent), sent)
