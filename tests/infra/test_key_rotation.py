"""Rotation: a new key is told of before it signs, the one before verifies until its last token has run out."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from api.cli import app
from domain.errors import Unidentified
from infra.keys import AHEAD, Keyring, SigningKey, file_of, generate, load_keyring
from infra.rotation import SEALS_LAST, Keys, ring_at, rotate, rotate_if_due
from infra.seals import Seals
from infra.settings import Settings, WrongSettings
from infra.tokens import Tokens

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
TOKENS_LAST = timedelta(seconds=600)
FIRST, SECOND, THIRD = (generate("ES256") for _ in range(3))
JUST = timedelta(microseconds=1)


class Hours:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, token_algorithm="ES256", key_rotation_days=30)


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def keys(settings: Settings, clock: Hours) -> Keys:
    keys = Keys(settings, clock)
    rotate(settings, START - timedelta(days=365), at_once=True)  # so that the only key is an old one
    keys.look_again()
    return keys


def tokens_of(keys: Keys) -> Tokens:
    return Tokens(keys, issuer="https://api.test", audience="standfirst")


def test_each_key_has_its_use_at_each_moment() -> None:
    keys = (replace(SECOND, made_at=START), FIRST)
    signs = START + AHEAD
    over = signs + TOKENS_LAST
    for now, signing, verifying, until in [
        (START, FIRST, {SECOND.kid, FIRST.kid}, signs),
        (signs - JUST, FIRST, {SECOND.kid, FIRST.kid}, signs),
        (signs, SECOND, {SECOND.kid, FIRST.kid}, over),
        (over - JUST, SECOND, {SECOND.kid, FIRST.kid}, over),
        (over, SECOND, {SECOND.kid}, None),
    ]:
        ring = ring_at(keys, now, tokens_last=TOKENS_LAST)
        assert ring.signing.kid == signing.kid, now
        assert {key.kid for key in ring.verifying} == verifying, now
        assert ring.opening[0].kid == signing.kid, now
        assert {key.kid for key in ring.opening} == {FIRST.kid, SECOND.kid}, now
        assert ring.until == until, now


def test_of_two_rotations_in_an_hour_the_older_new_key_signs_first() -> None:
    keys = (replace(THIRD, made_at=START + timedelta(hours=1)), replace(SECOND, made_at=START), FIRST)
    at = {hours: ring_at(keys, START + timedelta(hours=hours), tokens_last=TOKENS_LAST) for hours in (1, 2, 3, 4)}
    assert [ring.signing.kid for ring in at.values()] == [FIRST.kid, SECOND.kid, THIRD.kid, THIRD.kid]
    assert [len(ring.verifying) for ring in at.values()] == [3, 3, 2, 1]


def test_keys_that_are_given_sign_in_their_order_for_ever() -> None:
    ring = ring_at((SECOND, FIRST), START, tokens_last=TOKENS_LAST)
    assert (ring.signing.kid, ring.until) == (SECOND.kid, None)
    assert [key.kid for key in ring.verifying] == [SECOND.kid, FIRST.kid]


def test_a_token_outlives_the_rotation_and_no_longer(settings: Settings, keys: Keys, clock: Hours) -> None:
    tokens = tokens_of(keys)
    old_kid = keys.ring.signing.kid
    rotate(settings, clock.now)
    keys.look_again()
    assert {key["kid"] for key in tokens.jwks()["keys"]} > {old_kid}  # told before it signs
    clock.now += AHEAD - timedelta(seconds=1)
    token = tokens.issue("me", [], now=clock.now, seconds=600, token_id="t")
    clock.now += timedelta(seconds=1)
    assert keys.ring.signing.kid != old_kid
    after = tokens.issue("me", [], now=clock.now, seconds=600, token_id="t")
    clock.now += timedelta(seconds=598)
    assert tokens.verify(token, now=clock.now).subject == "me"
    clock.now += timedelta(seconds=2)
    with pytest.raises(Unidentified, match="not one of ours"):
        tokens.verify(token, now=START)  # the key is gone, whatever time the token says
    assert [key["kid"] for key in tokens.jwks()["keys"]] == [keys.ring.signing.kid]
    with pytest.raises(Unidentified, match="expired"):
        tokens.verify(after, now=clock.now + timedelta(days=1))


def test_what_was_sealed_is_opened_for_months(settings: Settings, keys: Keys, clock: Hours) -> None:
    seals = Seals(keys)
    cursor, preview = seals.seal_cursor("place", bound_to="list"), seals.seal_preview("id")
    rotate(settings, clock.now)
    clock.now += AHEAD
    keys.look_again()
    assert seals.seal_cursor("place", bound_to="list") != cursor
    assert seals.open_cursor(cursor, bound_to="list") == "place"
    clock.now += SEALS_LAST - JUST
    rotate(settings, clock.now)
    keys.look_again()
    assert seals.open_preview(preview) == "id"
    clock.now += JUST
    rotate(settings, clock.now)
    keys.look_again()
    assert seals.open_preview(preview) is None
    assert len(keys.all) == 3


def test_a_leaked_key_is_worth_nothing_at_once(settings: Settings, keys: Keys, clock: Hours) -> None:
    tokens, seals = tokens_of(keys), Seals(keys)
    token = tokens.issue("me", [], now=clock.now, seconds=600, token_id="t")
    preview = seals.seal_preview("id")
    assert tokens.verify(token, now=clock.now).subject == "me"  # it is remembered now
    rotate(settings, clock.now, at_once=True)
    keys.look_again()
    with pytest.raises(Unidentified):
        tokens.verify(token, now=clock.now)
    assert seals.open_preview(preview) is None
    fresh = tokens.issue("me", [], now=clock.now, seconds=600, token_id="t")
    assert tokens.verify(fresh, now=clock.now).subject == "me"


def test_another_process_takes_a_new_key_at_its_first_token(settings: Settings, keys: Keys, clock: Hours) -> None:
    here, there = tokens_of(keys), tokens_of(Keys(settings, clock))
    rotate(settings, clock.now, at_once=True)
    keys.look_again()
    token = here.issue("me", [], now=clock.now, seconds=600, token_id="t")
    assert there.verify(token, now=clock.now).subject == "me"


def test_keys_are_rotated_when_the_settings_say_so(settings: Settings, keys: Keys, clock: Hours) -> None:
    assert rotate_if_due(settings, clock.now)
    assert not rotate_if_due(settings, clock.now)
    clock.now += timedelta(days=30) - JUST
    assert not rotate_if_due(settings, clock.now)
    clock.now += JUST
    assert rotate_if_due(settings, clock.now)
    keys.look_again()
    assert len(keys.all) == 3
    assert file_of(settings).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in settings.data_dir.iterdir()) == ["signing-keys.lock", "signing-keys.pem"]


def test_of_many_processes_that_find_it_due_one_rotates(settings: Settings, keys: Keys) -> None:
    with ThreadPoolExecutor(8) as several:
        rotated = list(several.map(lambda _: rotate_if_due(settings, START), range(8)))
    assert sorted(rotated) == [False] * 7 + [True]


def test_a_leaked_key_does_not_come_back_by_a_rotation_at_the_same_time(
    settings: Settings, keys: Keys, clock: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduled one has read the keys and is making a new one; the command comes in between."""
    leaked = keys.ring.signing.kid
    with ThreadPoolExecutor(1) as elsewhere:
        commands: list[Future[None]] = []

        def slowly(algorithm: str) -> SigningKey:
            if not commands:
                commands.append(elsewhere.submit(partial(rotate, settings, clock.now, at_once=True)))
                wait(commands, timeout=0.2)
            return generate(algorithm)

        monkeypatch.setattr("infra.rotation.generate", slowly)
        assert rotate_if_due(settings, clock.now)
        commands[0].result()
    keys.look_again()
    assert leaked not in {key.kid for key in keys.all}


def test_a_rotation_while_the_file_is_read_is_noticed(
    settings: Settings, keys: Keys, clock: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(settings: Settings) -> Keyring:
        monkeypatch.undo()
        found = load_keyring(settings)
        rotate(settings, clock.now, at_once=True)
        return found

    monkeypatch.setattr("infra.rotation.load_keyring", overtaken)
    starting = Keys(settings, clock)
    starting.look_again()
    keys.look_again()
    assert starting.ring.signing.kid == keys.ring.signing.kid


def test_a_key_of_unknown_age_is_old_and_no_days_mean_never(settings: Settings, clock: Hours) -> None:
    file_of(settings).write_text(FIRST.private_pem)
    assert not rotate_if_due(settings.model_copy(update={"key_rotation_days": 0}), clock.now)
    assert rotate_if_due(settings, clock.now)
    assert Keys(settings, clock).ring.signing.kid == FIRST.kid  # until the new one was told of for long enough


def test_keys_that_are_given_are_never_rotated_here(settings: Settings) -> None:
    given = settings.model_copy(update={"signing_keys": SecretStr(FIRST.private_pem)})
    assert not rotate_if_due(given, START)
    with pytest.raises(WrongSettings, match="put a new one in front"):
        rotate(given, START)


def test_a_folder_without_keys_is_no_wait_without_end(settings: Settings, keys: Keys, clock: Hours) -> None:
    file_of(settings).unlink()
    with pytest.raises(FileNotFoundError):
        rotate_if_due(settings, clock.now)
    rotate(settings, clock.now)
    assert len(load_keyring(settings)) == 2


def test_a_link_is_not_replaced_by_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text(FIRST.private_pem)
    file_of(settings).symlink_to(tmp_path / "mounted")
    with pytest.raises(WrongSettings, match="is a link"):
        rotate(settings, START)
    assert file_of(settings).is_symlink()


def test_what_a_killed_process_left_is_removed(settings: Settings, keys: Keys) -> None:
    left = file_of(settings).with_name("signing-keys.pem.new")
    left.write_text(FIRST.private_pem)
    rotate(settings, START)
    assert not left.exists()


TIMES = ["yesterday", "2026-01-31T12:00:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", ""]


@pytest.mark.parametrize("made", TIMES)
def test_a_time_that_is_none_is_told_in_a_sentence(settings: Settings, made: str) -> None:
    file_of(settings).write_text(f"made: {made}\n{FIRST.private_pem}")
    if made:
        with pytest.raises(WrongSettings, match="made at a time that is none"):
            Keys(settings)
    else:
        assert Keys(settings).all[0].made_at is None


def test_a_file_that_was_cut_is_not_taken_for_a_whole_one(settings: Settings) -> None:
    file_of(settings).write_text(FIRST.private_pem + SECOND.private_pem[:-30])
    with pytest.raises(WrongSettings, match="was cut"):
        Keys(settings)


@pytest.mark.parametrize("content", ["", "garbage", "made: yesterday\n" + SECOND.private_pem])
def test_a_file_that_is_broken_later_changes_nothing(
    settings: Settings, keys: Keys, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    kid = keys.ring.signing.kid
    file_of(settings).write_text(content)
    keys.look_again()
    assert keys.ring.signing.kid == kid
    assert "stay what they were" in caplog.text
    assert "PRIVATE" not in caplog.text


def test_a_file_that_is_gone_changes_nothing(settings: Settings, keys: Keys) -> None:
    kid = keys.ring.signing.kid
    file_of(settings).unlink()
    keys.look_again()
    assert keys.ring.signing.kid == kid


async def test_a_server_rotates_by_itself_and_goes_on_when_it_cannot(
    settings: Settings, keys: Keys, clock: Hours, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.rotation.ROTATE_EVERY", 0.01)
    monkeypatch.setattr("infra.rotation.LOOK_EVERY", 0.01)
    file_of(settings).write_text("garbage")
    told = asyncio.Event()
    keys.tell(told.set)
    rotating = asyncio.create_task(keys.follow())
    while "could not be rotated" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
        await asyncio.sleep(0.01)
    file_of(settings).write_text(FIRST.private_pem)
    while len(keys.all) < 2:
        told.clear()
        await told.wait()
    rotating.cancel()
    await asyncio.wait([rotating])
    assert keys.all[1].kid == FIRST.kid


def _run(tmp_path: Path, *arguments: str) -> str:
    environment = {"STANDFIRST_DATA_DIR": str(tmp_path), "STANDFIRST_TOKEN_ALGORITHM": "ES256", "COLUMNS": "200"}
    result = CliRunner().invoke(app, ["keys", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_tells_what_each_key_is_for(tmp_path: Path) -> None:
    assert "no keys" in _run(tmp_path, "list")
    assert not list(tmp_path.iterdir())
    Keys(Settings(_env_file=None, data_dir=tmp_path, token_algorithm="ES256"))
    (first,) = _run(tmp_path, "list").splitlines()
    assert first.endswith("signs")
    assert "signs from" in _run(tmp_path, "rotate")
    coming, first = _run(tmp_path, "list").splitlines()
    assert "will sign from" in coming
    assert first.endswith("signs")
    assert "no other key is left" in _run(tmp_path, "rotate", "--at-once")
    (only,) = _run(tmp_path, "list").splitlines()
    assert only.endswith("signs")


def test_keys_differ_by_what_is_known_of_them() -> None:
    assert SigningKey(FIRST.private).signs_from < replace(FIRST, made_at=START).signs_from
