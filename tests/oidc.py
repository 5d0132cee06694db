"""An OpenID provider of the tests' own, over HTTP on this machine: it signs, rotates, is down, slow, or lies."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.key_sets import DISCOVERY
from infra.keys import SigningKey, generate
from infra.settings import Settings
from tests.forging import own, token_of
from tests.newsroom import Json

AUDIENCE = "https://api.test"
KEYS = "/keys"


@cache
def key_number(at: int) -> SigningKey:
    """A key of a provider's; to make one takes a while."""
    return generate("RS256" if at % 2 == 0 else "ES256")


@dataclass
class Provider:
    """What it is asked for and answers. Each field is for a test to change."""

    port: int = 0
    keys: list[SigningKey] = field(default_factory=lambda: [key_number(0), key_number(1)])
    asked: list[str] = field(default_factory=list)
    metadata: Json = field(default_factory=dict)
    """What its metadata say besides, or in the place of what is true."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """What it answers instead of its keys."""
    seconds: float = 0.0
    path: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def issuer(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{self.path}"

    def setting(self, **changes: Any) -> Json:
        """What a publisher writes to trust it; None takes a member out."""
        good: Json = {
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "algorithms": ["RS256", "ES256"],
            "role_claim": ["realm_access", "roles"],
            "roles": {"abonne": "subscriber", "redaction": "editor", "pigiste": "contributor", "chef": "admin"},
            "default_role": "reader",
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def header(self, key: SigningKey | None = None, **changes: Any) -> Json:
        used = key or self.keys[0]
        return _changed({"typ": "at+jwt", "alg": used.algorithm, "kid": used.kid}, changes)

    def claims(self, clock: Callable[[], datetime], *roles: str, **changes: Any) -> Json:
        seconds = int(clock().timestamp())
        good = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "f:17:ada",
            "iat": seconds,
            "exp": seconds + 600,
            "jti": "one-of-theirs",
            "client_id": "site",
            "email": "ada@example.org",
            "email_verified": True,
            "realm_access": {"roles": list(roles)},
        }
        return _changed(good, changes)

    def token(
        self, clock: Callable[[], datetime], *roles: str, key: SigningKey | None = None, **changes: Any
    ) -> str:
        """An access token as it should be, with some claims changed."""
        used = key or self.keys[0]
        return token_of(self.header(used), self.claims(clock, *roles, **changes), own(used))

    def bearer(self, clock: Callable[[], datetime], *roles: str, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(clock, *roles, **changes)}"}

    def asked_for_keys(self) -> int:
        return self.asked.count(f"{self.path}{KEYS}")

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        time.sleep(self.seconds)
        if path == f"{self.path}{DISCOVERY}":
            said = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}{KEYS}", **self.metadata}
            return self.status, {"Content-Type": "application/json", **self.headers}, json.dumps(said).encode()
        if path != f"{self.path}{KEYS}":
            return 404, {}, b""
        keys = json.dumps({"keys": [key.public_jwk for key in self.keys]}).encode()
        content = keys if self.content is None else self.content
        return self.status, {"Content-Type": "application/json", **self.headers}, content


def _changed(good: Json, changes: Json) -> Json:
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        status, headers, content = self.server.provider.answer(self.path)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Let it be asked, at the port that it had before if it had one."""
    with _Server(("127.0.0.1", provider.port), _Handler) as server:
        server.provider = provider
        provider.port = server.server_address[1]
        if provider.tls:
            server.socket = provider.tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def provider_at(path: str = "") -> Iterator[Provider]:
    with serving(Provider(path=path)) as provider:
        yield provider


def trusting(settings: Settings, *issuers: Json) -> Settings:
    """These settings with issuers, checked as a start would check them."""
    return Settings(_env_file=None, **{**settings.model_dump(), "issuers": list(issuers)})
