"""Sealing: what nobody can read or alter, such as cursors, links in letters, and signed addresses of pictures.

They use AES-SIV (RFC 5297): encrypted, authenticated, and deterministic, so that equal pages are equal bytes.
What a cursor is bound to is authenticated with it and not stored in it.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from domain.errors import BadRequest
from infra.rotation import Keys

MAX_CURSOR = 1500
MAX_LINK = 4000


class Seals:
    """Seals and opens. Every key that is kept opens, the one that signs seals."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def _secrets(self, purpose: str) -> list[bytes]:
        return [key.secret(purpose) for key in self._keys.ring.opening]

    def _ciphers(self, purpose: str) -> list[AESSIV]:
        return [AESSIV(secret) for secret in self._secrets(purpose)]

    def seal_cursor(self, position: str, *, bound_to: str) -> str:
        """Return a cursor for a place in a list."""
        return _encode(self._ciphers("cursors")[0].encrypt(position.encode(), [bound_to.encode()]))

    def open_cursor(self, cursor: str, *, bound_to: str) -> str:
        """Return the place in a list; a cursor of another list, or of nobody, is refused."""
        position = _opened(self._ciphers("cursors"), cursor, bound_to)
        if position is None:
            raise BadRequest("This cursor belongs to no such list. Start without one.", parameter="cursor")
        return position

    def seal_preview(self, preview_id: str) -> str:
        """Return the token of a preview's address."""
        return _encode(self._ciphers("previews")[0].encrypt(preview_id.encode(), [b"preview"]))

    def open_preview(self, token: str) -> str | None:
        """Return the preview that a token was made for, if it was made here."""
        return _opened(self._ciphers("previews"), token, "preview")

    def seal_link(self, content: str, *, purpose: str) -> str:
        """Return the token of a link in a letter; one for a purpose is good for no other."""
        return _encode(self._ciphers("links")[0].encrypt(content.encode(), [purpose.encode()]))

    def open_link(self, token: str, *, purpose: str) -> str | None:
        """Return what a link's token holds, if it was made here for this purpose."""
        return _opened(self._ciphers("links"), token, purpose, most=MAX_LINK)

    def seal_letter(self, content: str, letter_id: str) -> bytes:
        """Return a letter as it waits to be sent."""
        return self._ciphers("letters")[0].encrypt(content.encode(), [letter_id.encode()])

    def open_letter(self, content: bytes, letter_id: str) -> str | None:
        """Return the letter that waits, unless its key is gone."""
        return _decrypted(self._ciphers("letters"), content, letter_id)

    def topics_of(self, topic: str, address: str) -> list[str]:
        """Return what letters about a topic to an address are counted by, and nobody can try addresses on.

        The first is to be kept; the others are what it was under the keys before.
        """
        told = f"{topic} {address}".encode()
        return [hmac.new(secret, told, sha256).hexdigest() for secret in self._secrets("topics")]

    def marks(self, *parts: bytes) -> list[str]:
        """Return what a request is known again by, without anybody being able to find out what it said.

        A plain digest would let whoever reads the database try passwords. The first is to be kept.
        """
        whole = b"".join(len(part).to_bytes(8) + part for part in parts)
        return [hmac.new(secret, whole, sha256).hexdigest() for secret in self._secrets("requests")]

    def sign_media(self, path: str, *, now: datetime, seconds: int) -> tuple[int, str]:
        """Return when a picture's address expires (Unix seconds) and its signature.

        Expiry comes in windows, so that the address, and the answer that holds it, stays the same within one.
        """
        expires = int(window_end(now, seconds).timestamp()) + seconds
        return expires, _signature(self._secrets("media")[0], path, expires)

    def is_signed_media(self, path: str, expires: int, signature: str, *, now: datetime) -> bool:
        """Tell whether this address was signed here and is still good."""
        if expires <= now.timestamp():
            return False
        return any(
            hmac.compare_digest(_signature(key, path, expires).encode(), signature.encode())
            for key in self._secrets("media")
        )


def window_end(now: datetime, seconds: int) -> datetime:
    """Return until when pictures' addresses that are signed now stay the same."""
    return datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, UTC)


def _signature(key: bytes, path: str, expires: int) -> str:
    return _encode(hmac.new(key, f"{path} {expires}".encode(), sha256).digest())


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(cursor: str, most: int) -> bytes:
    if len(cursor) > most or not cursor.isascii():
        raise ValueError("cursor")
    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    if _encode(sealed) != cursor:  # Base64 is read leniently; there is one cursor for a place, not many
        raise ValueError("cursor")
    return sealed


def _opened(keys: list[AESSIV], sealed: str, bound_to: str, *, most: int = MAX_CURSOR) -> str | None:
    try:
        data = _decode(sealed, most)
    except ValueError:
        return None
    return _decrypted(keys, data, bound_to)


def _decrypted(keys: list[AESSIV], data: bytes, bound_to: str) -> str | None:
    for key in keys:
        try:
            return key.decrypt(data, [bound_to.encode()]).decode()
        except (InvalidTag, ValueError):
            continue
    return None
