from httpx import AsyncClient

from tests.newsroom import Newsroom, People


async def test_teaser_and_whole(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    article = await newsroom.published(title="Hello there", access={"requires": "subscriber"})
    teaser = (await client.get("/v1/articles/hello-there")).json()
    assert teaser["access"]["granted"] == "teaser"
    whole = (await client.get(f"/v1/articles/{article['id']}", headers=await people.headers("subscriber"))).json()
    assert whole["access"]["granted"] == "full"
