"""Rate limits: what is counted, for whom, what is told of it, and what is not counted."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.app import create_app
from infra.ids import Sources
from infra.settings import Settings
from tests.api.test_representations import read
from tests.limiting import calling_from, is_refused, with_limits
from tests.newsroom import Clock, Newsroom, Office, People
from tests.partners import headers_of, program
from tests.wall.statements import statements_of

READS, SEARCHES, WRITES, SIGN_INS = 6, 3, 4, 2
POLICY = {"reading": f'"reading";q={READS};w=60', "writing": f'"writing";q={WRITES};w=60'}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing is kept, so that each request is counted."""
    return with_limits(
        settings,
        cache_bytes=0,
        reads_a_minute=READS,
        searches_a_minute=SEARCHES,
        writes_a_minute=WRITES,
        sign_ins_a_minute=SIGN_INS,
    )


async def times(client: AsyncClient, number: int, method: str, path: str, **request: object) -> list[Response]:
    return [await client.request(method, path, **request) for _ in range(number)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "most", "name"),
    [
        ("GET", "/v1/articles", READS, "reading"),
        ("HEAD", "/v1/articles", READS, "reading"),
        ("GET", "/robots.txt", READS, "reading"),
        ("GET", "/v1/search?q=a", SEARCHES, "search"),
        ("POST", "/v1/auth/revoke", WRITES, "writing"),
        ("POST", "/v1/editorial/articles", WRITES, "writing"),
        ("POST", "/v1/accounts", SIGN_INS, "sign-in"),
        ("POST", "/v1/accounts/confirm", SIGN_INS, "sign-in"),
        ("POST", "/v1/accounts/reset", SIGN_INS, "sign-in"),
    ],
)
async def test_each_class_of_operation_has_its_limit(
    client: AsyncClient, method: str, path: str, most: int, name: str
) -> None:
    answers = await times(client, most + 3, method, path)
    refused = [answer.status_code == 429 for answer in answers]
    assert refused == [False] * most + [True] * 3
    assert answers[-1].headers["ratelimit-policy"] == f'"{name}";q={most};w=60'
    if method != "HEAD":
        assert all(map(is_refused, answers[most:]))


async def test_a_class_leaves_the_others_alone(client: AsyncClient) -> None:
    await times(client, READS + 1, "GET", "/v1/articles")
    assert (await client.get("/v1/search?q=a")).status_code == 200
    assert (await client.post("/v1/auth/revoke", data={"token": "x"})).status_code == 200
    assert (await client.post("/v1/accounts/reset", json={"email": "a@example.org"})).status_code == 202
    assert is_refused(await client.get("/v1/articles"))


async def test_what_the_server_says_of_itself_is_not_limited(client: AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/.well-known/jwks.json", "/openapi.json", "/problems/too-many-requests"):
        answers = await times(client, READS + 2, "GET", path)
        assert {answer.status_code for answer in answers} == {200}
        assert "ratelimit" not in answers[-1].headers


async def test_time_gives_back_what_it_says(client: AsyncClient, clock: Clock) -> None:
    await times(client, READS, "GET", "/v1/articles")
    for _ in range(20):
        refused = await client.get("/v1/articles")
        assert is_refused(refused)
        clock.move(seconds=int(refused.headers["retry-after"]) - 1.5)
        assert is_refused(await client.get("/v1/articles")), "it is not earlier than it was told"
        clock.move(seconds=1.5)
        assert (await client.get("/v1/articles")).status_code == 200, "nor later"
    clock.move(seconds=121)
    answers = await times(client, READS + 1, "GET", "/v1/articles")
    assert [answer.status_code for answer in answers] == [200] * READS + [429]


async def test_networks_are_counted_each_by_itself(app: FastAPI, client: AsyncClient) -> None:
    await times(client, READS + 1, "GET", "/v1/articles")
    async with calling_from(app, "192.0.2.8") as other:
        assert (await other.get("/v1/articles")).status_code == 200
    async with calling_from(app, "2001:db8:0:1::1") as one, calling_from(app, "2001:db8:0:1:ffff::2") as same:
        await times(one, READS, "GET", "/v1/articles")
        assert is_refused(await same.get("/v1/articles")), "a provider gives its customer all of these"
    async with calling_from(app, "2001:db8:0:2::1") as other:
        assert (await other.get("/v1/articles")).status_code == 200
    async with calling_from(app, "::ffff:192.0.2.7") as same:
        assert is_refused(await same.get("/v1/articles"))


async def test_who_has_no_address_is_counted_too(app: FastAPI) -> None:
    for address in ("", "not an address", "testclient"):
        async with calling_from(app, address) as client:
            answers = await times(client, READS, "GET", "/v1/articles")
    assert is_refused(answers[-1]), "all of them share one place"


async def test_readers_behind_one_address_do_not_share(client: AsyncClient, people: People) -> None:
    ada, bob = await people.headers("reader"), await people.headers("reader")
    answers = await times(client, READS + 1, "GET", "/v1/me", headers=ada)
    assert [answer.status_code for answer in answers] == [200] * READS + [429]
    assert is_refused(answers[-1])
    assert (await client.get("/v1/me", headers=bob)).status_code == 200
    assert (await client.get("/v1/articles")).status_code == 200


async def test_an_account_shares_with_itself_wherever_and_however_it_calls(
    app: FastAPI, client: AsyncClient, people: People
) -> None:
    account = await people.add("reader")
    for turn in range(READS):
        async with calling_from(app, f"192.0.2.{turn + 50}") as elsewhere:
            headers = {"Authorization": f"Bearer {people.token(account)}"}
            assert (await elsewhere.get("/v1/me", headers=headers)).status_code == 200
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    assert is_refused(await client.get("/v1/articles", headers=headers))


async def test_a_client_is_counted_as_itself(client: AsyncClient, app: FastAPI, people: People) -> None:
    async with calling_from(app, "192.0.2.99") as at_work:
        office = Office(at_work, await people.headers("admin"))
        one, other = await program(office, name="One"), await program(office, name="Other")
    first, second = await headers_of(client, one), await headers_of(client, other)
    answers = await times(client, READS + 1, "GET", "/v1/me", headers=first)
    assert [answer.status_code for answer in answers] == [200] * READS + [429]
    assert (await client.get("/v1/me", headers=second)).status_code == 200


async def test_no_role_is_without_limits(client: AsyncClient, people: People) -> None:
    for role in ("admin", "editor", "subscriber"):
        answers = await times(client, READS + 1, "GET", "/v1/me", headers=await people.headers(role))
        assert is_refused(answers[-1]), role


async def test_tokens_that_are_not_good_count_for_the_network_and_good_ones_go_on(
    client: AsyncClient, app: FastAPI, people: People
) -> None:
    reader = await people.headers("reader")
    bad = ["Bearer x", "Bearer a.b.c", "Basic eA==", "Bearer", f"{reader['Authorization']}x", "Digest x"]
    answers = [await client.get("/v1/articles", headers={"Authorization": one}) for one in bad]
    assert [answer.status_code for answer in answers] == [401] * READS
    assert answers[0].headers["ratelimit"] == f'"reading";r={READS - 1};t=60'
    for one in bad:
        assert is_refused(await client.get("/v1/articles", headers={"Authorization": one}))
    assert is_refused(await client.get("/v1/articles"))
    assert (await client.get("/v1/articles", headers=reader)).status_code == 200


async def test_a_token_of_somebody_who_is_gone_takes_nothing_of_theirs(
    client: AsyncClient, people: People, app: FastAPI
) -> None:
    """Or whoever has stolen one could go on to block its owner, though the session has ended."""
    account = await people.add("reader")
    good = {"Authorization": f"Bearer {people.token(account)}"}
    ended = people.parts.tokens.issue(
        account.id,
        account.roles,
        now=people.parts.sources.now(),
        seconds=60,
        token_id="018f0000-0000-7000-8000-00000000000a",
        session_id="018f0000-0000-7000-8000-00000000000b",
    )
    answers = await times(client, READS + 1, "GET", "/v1/me", headers={"Authorization": f"Bearer {ended}"})
    assert [answer.status_code for answer in answers] == [401] * READS + [429]
    assert (await client.get("/v1/me", headers=good)).headers["ratelimit"] == f'"reading";r={READS - 1};t=60'


async def test_who_is_not_allowed_is_counted(client: AsyncClient, people: People) -> None:
    headers = await people.headers("reader")
    answers = await times(client, READS + 1, "GET", "/v1/editorial/articles", headers=headers)
    assert [answer.status_code for answer in answers] == [403] * READS + [429]


async def test_nothing_is_read_for_a_refusal(client: AsyncClient, app: FastAPI) -> None:
    await times(client, READS, "GET", "/v1/articles")
    await times(client, WRITES, "POST", "/v1/auth/revoke")
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append("a part")
        yield b"token=x"

    with statements_of(app) as sent:
        assert is_refused(await client.get("/v1/articles"))
        assert is_refused(await client.get("/v1/articles?x=1"))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert is_refused(await client.post("/v1/auth/revoke", content=body(), headers=form))
    assert (list(sent), read) == ([], [])


async def test_what_is_left_is_told(client: AsyncClient, people: People, clock: Clock) -> None:
    headers = await people.headers("admin")
    told = [answer.headers for answer in await times(client, READS, "GET", "/v1/me", headers=headers)]
    assert {one["ratelimit-policy"] for one in told} == {POLICY["reading"]}
    left = [int(re.fullmatch(r'"reading";r=(\d+);t=\d+', one["ratelimit"])[1]) for one in told]  # type: ignore[index]
    assert left == list(range(READS - 1, -1, -1))
    missing = await client.delete("/v1/admin/plans/none", headers=headers)
    assert (missing.status_code, missing.headers["ratelimit-policy"]) == (428, POLICY["writing"])
    assert missing.headers["ratelimit"].startswith(f'"writing";r={WRITES - 1};')


async def test_what_others_are_given_too_tells_nobodys_limit(
    client: AsyncClient, people: People, app: FastAPI, newsroom: Newsroom
) -> None:
    await newsroom.published(slug="one", access={"requires": "registered"})
    public = [await client.get("/v1/articles/one"), await client.get("/robots.txt")]
    for answer in (*public, await client.get("/v1/articles", headers={"If-None-Match": "*"})):
        assert "public" in answer.headers["cache-control"]
        assert not {"ratelimit", "ratelimit-policy"} & set(answer.headers)
    private = await client.get("/v1/articles/one", headers=await people.headers("reader"))
    assert private.headers["cache-control"] == "private, no-cache"
    assert private.headers["ratelimit-policy"] == POLICY["reading"]
    gone = await client.get("/v1/articles/never")
    assert (gone.status_code, gone.headers["ratelimit-policy"]) == (404, POLICY["reading"])


async def test_redirects_do_not_keep_anybody_from_following(client: AsyncClient, newsroom: Newsroom) -> None:
    moved = await newsroom.published(slug="before")
    edited = await newsroom.edit(moved, slug="after")
    headers = newsroom.headers
    await newsroom.act(edited, "publish")
    answer = await client.get("/v1/articles/before", headers=headers)
    assert answer.status_code == 308
    assert "ratelimit" not in answer.headers


@pytest.mark.parametrize("credentials", [False, True])
async def test_kept_answers_are_not_counted_and_tell_nothing(
    settings: Settings, clock: Clock, credentials: bool
) -> None:
    app = create_app(with_limits(settings, cache_bytes=1_000_000), Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        people = People(app.state.parts)
        newsroom = Newsroom(client, await people.headers("editor"))
        await newsroom.published(slug="one", access={"requires": "subscriber"})
        headers = await people.headers("subscriber") if credentials else {}
        await read(app, client, "/v1/articles/one", headers)
        answers = [await read(app, client, "/v1/articles/one", headers) for _ in range(READS * 3)]
        assert {answer.status_code for answer in answers} == {200}
        assert not any("ratelimit" in answer.headers for answer in answers)


async def test_one_callers_count_is_not_given_to_another(settings: Settings, clock: Clock) -> None:
    app = create_app(with_limits(settings, cache_bytes=1_000_000), Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        people = People(app.state.parts)
        newsroom = Newsroom(client, await people.headers("editor"))
        await newsroom.published(slug="one", access={"requires": "subscriber"})
        callers = [await people.headers("subscriber") for _ in range(3)]
        await asyncio.sleep(0.3)
        for headers in callers:
            answer = await client.get("/v1/articles/one", headers=headers)
            told = answer.headers.get("ratelimit", f'"reading";r={READS - 1};t=60')
            assert told == f'"reading";r={READS - 1};t=60', "each is new here, and has asked once"


async def test_a_refusal_is_not_kept_for_a_key(client: AsyncClient, people: People, clock: Clock) -> None:
    headers = {**await people.headers("editor"), "Idempotency-Key": "once"}
    form = {"slug": "sea", "name": "Sea"}
    await times(client, WRITES, "POST", "/v1/editorial/tags", json={}, headers={**headers, "Idempotency-Key": "x"})
    for _ in range(2):
        assert is_refused(await client.post("/v1/editorial/tags", json=form, headers=headers))
    clock.move(seconds=121)
    made = await client.post("/v1/editorial/tags", json=form, headers=headers)
    assert (made.status_code, made.headers.get("idempotency-replayed")) == (201, None)
    again = await client.post("/v1/editorial/tags", json=form, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["ratelimit"].startswith(f'"writing";r={WRITES - 2};'), "its own count, not the kept one"


async def test_without_limits_nothing_is_counted_nor_told(settings: Settings, clock: Clock) -> None:
    none = with_limits(settings, reads_a_minute=0, searches_a_minute=0, writes_a_minute=0, sign_ins_a_minute=0)
    app = create_app(none, Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, "192.0.2.7") as client:
        for method, path in (("GET", "/v1/search"), ("POST", "/v1/accounts"), ("GET", "/v1/me")):
            answers = await times(client, 10, method, path)
            assert 429 not in {answer.status_code for answer in answers}
            assert not any("ratelimit" in answer.headers for answer in answers)


async def test_many_at_once_are_counted_each(client: AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get("/v1/articles") for _ in range(READS * 4)))
    assert sorted(answer.status_code for answer in answers) == [200] * READS + [429] * READS * 3


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}], ids=["nobody", "made up"])
async def test_what_no_operation_knows_counts_too(
    settings: Settings, clock: Clock, people: People, headers: dict[str, str]
) -> None:
    app = create_app(with_limits(settings, reads_a_minute=3), Sources(now=clock))
    known = {"Authorization": f"Bearer {people.token(await people.add('reader'))}"}
    async with app.router.lifespan_context(app):
        for at, given in enumerate((headers, known)):
            async with calling_from(app, f"192.0.2.{at}") as client:
                answers = [await client.get("/v1/articles?x=1", headers=given) for _ in range(4)]
                assert [answer.status_code for answer in answers] == [400] * 3 + [429]


@pytest.mark.parametrize("proxy", ["10.1.2.3", "::ffff:10.1.2.3"])
async def test_a_proxy_is_believed_on_whichever_socket(settings: Settings, clock: Clock, proxy: str) -> None:
    limited = with_limits(settings, reads_a_minute=2).model_copy(update={"trusted_proxies": ("10.0.0.0/8",)})
    app = create_app(limited, Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, proxy) as client:
        for reader in ("192.0.2.1", "192.0.2.2"):
            told = {"X-Forwarded-For": reader}
            answers = [await client.get("/v1/articles/none", headers=told) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [404, 404, 429]


@pytest.mark.parametrize(
    ("peer", "headers", "trusted", "warned"),
    [
        ("10.1.2.3", {"X-Forwarded-For": "8.8.8.8"}, (), 1),
        ("10.1.2.3", {}, (), 0),
        ("8.8.4.4", {"X-Forwarded-For": "8.8.8.8"}, (), 0),  # somebody's own invention
        ("10.1.2.3", {"X-Forwarded-For": "10.9.9.9"}, ("10.1.2.3",), 0),
    ],
)
async def test_whoever_forgot_to_name_the_proxy_is_told(
    settings: Settings,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    peer: str,
    headers: dict[str, str],
    trusted: tuple[str, ...],
    warned: int,
) -> None:
    limited = with_limits(settings, reads_a_minute=2).model_copy(update={"trusted_proxies": trusted})
    app = create_app(limited, Sources(now=clock))
    async with app.router.lifespan_context(app), calling_from(app, peer) as client:
        answers = [await client.get("/v1/articles/none", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert len([one for one in caplog.messages if "STANDFIRST_TRUSTED_PROXIES" in one]) == warned
