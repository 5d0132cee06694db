import asyncio
from time import perf_counter

import pytest
from argon2 import PasswordHasher

from infra.passwords import MAX_LENGTH, Passwords, hash_password

PASSWORD = "påsswörd ключ 密码"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


async def test_only_the_right_password_is_right(hashed: str) -> None:
    checks = Passwords()
    assert await checks.verify(PASSWORD, hashed)
    for wrong in ("", PASSWORD.upper(), f"{PASSWORD} ", PASSWORD[:-1], "\x00", "a" * MAX_LENGTH):
        assert not await checks.verify(wrong, hashed), wrong


async def test_nobody_has_a_password(hashed: str) -> None:
    checks = Passwords()
    for password in (PASSWORD, "", "nobody has this password"):
        assert not await checks.verify(password, None)


async def test_what_is_no_hash_matches_nothing() -> None:
    checks = Passwords()
    for broken in ("!", "x", "$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA", "$2b$12$abc"):
        assert not await checks.verify(PASSWORD, broken), broken


def test_hashes_are_argon2id_and_salted(hashed: str) -> None:
    assert hashed.startswith("$argon2id$")
    assert hash_password(PASSWORD) != hashed


async def test_an_unknown_account_takes_as_long_as_a_known_one(hashed: str) -> None:
    checks = Passwords()
    took = []
    for given in (hashed, None):
        start = perf_counter()
        for _ in range(3):
            assert not await checks.verify("wrong", given)
        took.append(perf_counter() - start)
    assert 0.05 < took[0] / took[1] < 20  # without the work for nobody it would be thousands


async def test_only_a_few_are_checked_at_once(hashed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = 0
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, given: str, password: str) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return verify(hasher, given, password)
        finally:
            running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    checks = Passwords()
    assert all(await asyncio.gather(*(checks.verify(PASSWORD, hashed) for _ in range(6))))
    assert most == 2


async def test_a_wrong_password_costs_as_much_where_the_hash_is_an_old_one(
    hashed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    done: list[str] = []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, given: str, password: str) -> bool:
        done.append(given.split("$")[3])
        return verify(hasher, given, password)

    checks = Passwords()
    monkeypatch.setattr(PasswordHasher, "verify", noted)
    today = hashed.split("$")[3]
    for given in (hashed, None, old):
        done.clear()
        assert not await checks.verify("wrong", given)
        assert done[-1] == today
    assert done == ["m=8192,t=1,p=1", today]
    assert await checks.verify(PASSWORD, old)
