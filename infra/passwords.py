"""Passwords: argon2id, off the event loop, in the same time whether the account exists or not."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH = 1024
MIN_LENGTH = 8
NOBODYS = "!"  # kept where a hash would be, and no password has it
_AT_ONCE = 2  # each takes 64 MiB and a core for some 50 ms
_hasher = PasswordHasher()


class Passwords:
    """Hashes and checks passwords. Made once a process."""

    def __init__(self) -> None:
        self._limit = asyncio.Semaphore(_AT_ONCE)
        self._hash_of_nobody = _hash_of_nobody()

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Tell whether the password is right; without an account's hash, take as long and say no."""
        async with self._limit:
            known = hashed if hashed != NOBODYS else None
            matches = await asyncio.to_thread(_matches, known or self._hash_of_nobody, password)
            if not matches and known is not None and is_outdated(known):
                # An old hash may take less than one of today: whoever is wrong must not be told how old it is.
                await asyncio.to_thread(_matches, self._hash_of_nobody, password)
        return matches and known is not None

    async def hash(self, password: str) -> str:
        """Return the argon2id hash of a password, salt and parameters included."""
        async with self._limit:
            return await asyncio.to_thread(hash_password, password)


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, salt and parameters included."""
    return _hasher.hash(password)


def is_outdated(hashed: str) -> bool:
    """Tell whether a hash was made with other parameters than those of today."""
    try:
        return _hasher.check_needs_rehash(hashed)
    except InvalidHashError:
        return False


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
