"""Random edits, actions, restores and clock moves against a small model of what a newsroom promises.

Readers see exactly the edition that is live, history is complete, no revision changes, corrections only grow.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from api.app import create_app
from domain.workflow import Action
from infra.ids import Sources
from infra.settings import Settings
from infra.tables import metadata
from tests.domain.test_workflow import WORKS
from tests.newsroom import Clock, Json, Newsroom, People, paragraph

PIECES = 2
AT, UNTIL = st.integers(3, 60), st.none() | st.integers(1, 90)
MOMENT = timedelta(milliseconds=250)  # schedules fall between the moments at which anybody looks


@dataclass
class Edition:
    """What readers have, or will have, from a time until another."""

    title: str
    number: int
    corrections: list[str]
    start: datetime
    end: datetime | None

    def is_on(self, now: datetime) -> bool:
        return self.start <= now and (self.end is None or now < self.end)


@dataclass
class Piece:
    """An article as the model knows it."""

    id: str
    titles: list[str]
    version: int = 1
    state: str = "draft"
    live: Edition | None = None
    coming: Edition | None = None
    taken_back: str | None = None
    corrections: list[str] = field(default_factory=list)
    kept: dict[int, Json] = field(default_factory=dict)

    def settle(self, now: datetime) -> None:
        if self.coming and self.coming.start <= now:
            self.live, self.coming, self.taken_back = self.coming, None, None

    def stands(self, now: datetime) -> str:
        if self.live and not self.taken_back and self.live.is_on(now):
            return "live-scheduled" if self.coming else "live"
        if self.coming:
            return "scheduled"
        if self.live is None:
            return "none"
        return self.taken_back or "expired"


class Machine(RuleBasedStateMachine):
    """The application, and the model beside it."""

    settings: ClassVar[Settings]

    @initialize()
    def start(self) -> None:
        self.runner, self.stack = asyncio.Runner(), AsyncExitStack()
        self.clock, self.pieces, self.count = Clock(), list[Piece](), 0
        self.clock.time = datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)
        self.runner.run(self._start())
        self._create()

    async def _start(self) -> None:
        app = create_app(self.settings, Sources(now=self.clock))
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        async with app.state.parts.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
        transport = httpx.ASGITransport(app)
        self.client = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="https://api.test")
        )
        people = People(app.state.parts)
        editor = people.token(await people.add("editor"), seconds=10**7)
        self.desk = Newsroom(self.client, {"Authorization": f"Bearer {editor}"})

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        try:
            for piece in self.pieces:
                for number, kept in piece.kept.items():
                    assert self._revision(piece, number) == kept
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self.runner.run(self.desk.send(method, f"/articles{path}", **request))

    def _revision(self, piece: Piece, number: int) -> Json:
        answer = self._send("GET", f"/{piece.id}/revisions/{number}")
        assert answer.status_code == 200
        kept: Json = answer.json()
        return kept

    def _align(self) -> None:
        """Go on to the next half second, so that no schedule falls between two looks at the clock."""
        whole = self.clock.time.replace(microsecond=0)
        self.clock.time = whole + timedelta(seconds=1, milliseconds=500)

    def _title(self) -> str:
        self.count += 1
        return f"Title {self.count}"

    def _piece(self, which: int) -> Piece:
        piece = self.pieces[which % len(self.pieces)]
        piece.settle(self.clock.time)
        return piece

    def _saved(self, piece: Piece, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        piece.version += 1
        assert answer.json()["version"] == piece.version

    @rule()
    def create(self) -> None:
        if sum(piece.taken_back != "withdrawn" for piece in self.pieces) < PIECES:
            self._create()

    def _create(self) -> None:
        title = self._title()
        form = {"title": title, "language": "en", "slug": f"piece-{self.count}", "body": [paragraph("Text.")]}
        answer = self._send("POST", "", json=form)
        assert answer.status_code == 201
        self.pieces.append(Piece(answer.json()["id"], [title]))

    @rule(which=st.integers(0, 9))
    def edit(self, which: int) -> None:
        piece, title = self._piece(which), self._title()
        answer = self._send("PATCH", f"/{piece.id}", version=piece.version, json={"title": title})
        self._saved(piece, answer)
        piece.titles.append(title)

    @rule(which=st.integers(0, 9), back=st.integers(0, 9))
    def restore(self, which: int, back: int) -> None:
        piece = self._piece(which)
        number = back % len(piece.titles) + 1
        answer = self._send("POST", f"/{piece.id}/revisions/{number}/restore", version=piece.version)
        self._saved(piece, answer)
        piece.titles.append(piece.titles[number - 1])

    @rule(which=st.integers(0, 9), behind=st.integers(1, 3))
    def come_late(self, which: int, behind: int) -> None:
        piece = self._piece(which)
        answer = self._send("PATCH", f"/{piece.id}", version=piece.version - behind, json={"title": "Lost"})
        assert (answer.status_code, answer.json()["current_version"]) == (412, piece.version)

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)

    @rule(which=st.integers(0, 9), last=st.booleans(), until=UNTIL)
    def put_forward(self, which: int, last: bool, until: int | None) -> None:
        self._act_one(which, ["publish", "correct"], last=last, until=until)

    @rule(which=st.integers(0, 9), last=st.booleans(), at=AT, until=UNTIL)
    def plan(self, which: int, last: bool, at: int, until: int | None) -> None:
        self._act_one(which, ["schedule", "unschedule"], last=last, at=at, until=until)

    @rule(which=st.integers(0, 9))
    def hand_over(self, which: int) -> None:
        self._act_one(which, ["submit", "return"])

    @rule(which=st.integers(0, 9), last=st.booleans())
    def take_back(self, which: int, last: bool) -> None:
        self._act_one(which, ["unpublish", "withdraw"], last=last)

    def _act_one(
        self, which: int, actions: list[str], *, last: bool = True, at: int = 9, until: int | None = None
    ) -> None:
        """Take one of the actions, if one works."""
        piece = self._piece(which)
        stands = piece.state, piece.stands(self.clock.time)
        if works := [action for action in actions if (*stands, action) in WORKS]:
            self._act(which, Action(works[-1 if last else 0]), at, until)

    @rule(which=st.integers(0, 9), action=st.sampled_from(Action))
    def act_out_of_order(self, which: int, action: Action) -> None:
        self._act(which, action, 1, None)

    def _act(self, which: int, action: Action, at: int, until: int | None) -> None:
        piece, now = self._piece(which), self.clock.time
        start = now.replace(microsecond=0) + timedelta(seconds=at) + MOMENT if action == "schedule" else now
        end = start.replace(microsecond=0) + timedelta(seconds=until) + MOMENT if until else None
        form: Json = {"public_note": self._title()} if action in {"correct", "withdraw"} else {}
        if action == "schedule":
            form["at"] = start.isoformat()
        if action in {"schedule", "publish", "correct"}:
            form["until"] = end and end.isoformat()
        answer = self._send("POST", f"/{piece.id}/actions/{action}", version=piece.version, json=form)
        if (piece.state, piece.stands(now), action.value) not in WORKS:
            assert (answer.status_code, answer.json()["rule"].split("-")[0]) == (409, action.value)
            return
        if end is not None and end <= self.clock.time:
            assert answer.status_code == 422  # a quarter of a second is over before it is asked for
            return
        self._saved(piece, answer)
        self._acted(piece, action, start, end, form)

    def _acted(self, piece: Piece, action: Action, start: datetime, end: datetime | None, form: Json) -> None:
        said = [form["public_note"]] if action == "correct" else []
        new = Edition(
            piece.titles[-1],
            piece.live.number + 1 if piece.live else 1,
            [*piece.corrections, *said],
            start,
            end,
        )
        match action.value:
            case "submit":
                piece.state = "submitted"
            case "publish" | "correct":
                piece.live, piece.coming, piece.taken_back, piece.state = new, None, None, "draft"
                piece.corrections = new.corrections
            case "schedule":
                if piece.coming:
                    new.title = piece.coming.title
                else:
                    piece.state = "draft"
                piece.coming = new
            case "unschedule":
                piece.coming = None
            case "unpublish":
                piece.taken_back, piece.coming = "unpublished", None
            case "withdraw":
                piece.taken_back, piece.coming, piece.state = "withdrawn", None, "draft"
            case "return":
                piece.state = "draft"

    @invariant()
    def readers_see_exactly_what_is_live(self) -> None:
        if not hasattr(self, "runner"):
            return
        for piece in self.pieces:
            self._align()
            piece.settle(self.clock.time)
            answer = self.runner.run(self.client.get(f"/v1/articles/{piece.id}"))
            stands = piece.stands(self.clock.time)
            if not stands.startswith("live"):
                assert answer.status_code == (410 if stands == "withdrawn" else 404), stands
                continue
            assert piece.live is not None
            assert answer.status_code == 200, stands
            shown = answer.json()
            assert (shown["title"], shown["revision"]) == (piece.live.title, piece.live.number)
            assert [one["text"] for one in shown["corrections"]] == piece.live.corrections
        self._align()
        now = self.clock.time
        for piece in self.pieces:
            piece.settle(now)
        seen = {piece.live.title for piece in self.pieces if piece.live and piece.stands(now).startswith("live")}
        cards = self.runner.run(self.client.get("/v1/articles?limit=100")).json()["items"]
        assert {card["title"] for card in cards} == seen
        assert len(cards) == sum(piece.stands(now).startswith("live") for piece in self.pieces)

    @invariant()
    def history_is_complete(self) -> None:
        for piece in getattr(self, "pieces", ()):
            newest = len(piece.titles)
            if newest in piece.kept:
                continue
            items = self._send("GET", f"/{piece.id}/revisions?limit=100").json()["items"]
            assert [one["number"] for one in items] == list(range(newest, 0, -1))
            piece.kept[newest] = self._revision(piece, newest)
            assert piece.kept[newest]["title"] == piece.titles[-1]


def run(settings: Settings, *, examples: int, steps: int) -> None:
    machine = type("MachineHere", (Machine,), {"settings": settings})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=how(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=checks,
            phases=[Phase.generate],  # a failure is told as it was found: to make it small takes too long
        ),
    )


def test_a_newsroom_keeps_its_promises(settings: Settings) -> None:
    run(settings, examples=10, steps=20)


@pytest.mark.deep
def test_a_newsroom_keeps_its_promises_however_long(settings: Settings) -> None:
    run(settings, examples=80, steps=40)
