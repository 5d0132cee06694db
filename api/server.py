"""The server's own pages: health, keys, metadata, and the contract with its reader."""

from pathlib import Path
from typing import Any, Literal

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import ConfigDict, Field

from api.deps import PartsOf
from api.problems import declared
from api.readers_contract import readers_part
from api.routing import OpenRoute
from api.types import Model, is_none
from domain.errors import NotThere
from infra.db import DatabaseBusy
from infra.migrations import is_current

router = APIRouter(tags=["Server"], route_class=OpenRoute)

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_SERVED = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})
_FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}
_START = """
SwaggerUIBundle({url: "/openapi.json", dom_id: "#contract", deepLinking: true, tryItOutEnabled: true});
"""
_PAGE = """<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Standfirst – the contract</title><link rel=stylesheet href=/docs/swagger-ui.css>
<div id=contract></div><script src=/docs/swagger-ui-bundle.js></script><script src=/docs/start.js></script>"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'"
)


class Health(Model):
    """How the server is."""

    status: str


class PublicKey(Model):
    """A public key: RSA with `n` and `e`, or elliptic with `crv`, `x` and `y` (RFC 7518, section 6)."""

    kty: Literal["RSA", "EC"]
    kid: str
    """Stands in the header of the tokens that it has signed."""
    use: Literal["sig"]
    alg: Literal["RS256", "ES256"]
    n: str | None = Field(default=None, exclude_if=is_none)
    e: str | None = Field(default=None, exclude_if=is_none)
    crv: str | None = Field(default=None, exclude_if=is_none)
    x: str | None = Field(default=None, exclude_if=is_none)
    y: str | None = Field(default=None, exclude_if=is_none)


class KeySet(Model):
    """The public keys that access tokens are signed with (RFC 7517)."""

    keys: list[PublicKey]


class Metadata(Model):
    """What an OAuth 2 client needs to know (RFC 8414)."""

    model_config = ConfigDict(extra="forbid")

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]


@router.get(
    "/healthz",
    summary="Is the process alive",
    operation_id="check_health",
    responses=declared("bad-request"),
)
async def check_health() -> Health:
    """Answer as long as the process runs."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Can it serve",
    operation_id="check_readiness",
    responses=declared("bad-request", "unavailable"),
)
async def check_readiness(parts: PartsOf) -> Health:
    """Answer if the database can be read and has this version's tables."""
    if not await is_current(parts.database):
        raise DatabaseBusy("old schema")
    return Health(status="ok")


@router.get(
    "/.well-known/jwks.json",
    summary="The keys of access tokens",
    operation_id="read_jwks",
    responses=declared("bad-request"),
)
async def read_jwks(parts: PartsOf, response: Response) -> KeySet:
    """Answer the public keys, the newest first: it may be one that will sign soon."""
    response.headers.update(_FOR_AN_HOUR)
    return KeySet.model_validate(parts.tokens.jwks())


@router.get(
    "/.well-known/oauth-authorization-server",
    summary="Metadata of the token endpoint",
    operation_id="read_oauth_metadata",
    responses=declared("bad-request"),
)
async def read_oauth_metadata(parts: PartsOf, response: Response) -> Metadata:
    """Answer where tokens are got and how (RFC 8414)."""
    response.headers.update(_FOR_AN_HOUR)
    base = parts.settings.base_url
    return Metadata(
        issuer=base,
        token_endpoint=f"{base}/v1/auth/token",
        revocation_endpoint=f"{base}/v1/auth/revoke",
        jwks_uri=f"{base}/.well-known/jwks.json",
        grant_types_supported=["password", "refresh_token", "client_credentials"],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=["none", "client_secret_basic", "client_secret_post"],
        revocation_endpoint_auth_methods_supported=["none"],
    )


@router.get("/openapi.json", include_in_schema=False)
async def read_contract(request: Request) -> JSONResponse:
    """Answer the contract."""
    app: FastAPI = request.app
    contract: dict[str, Any] = app.openapi()
    return JSONResponse(contract, headers=_FOR_AN_HOUR)


@router.get("/openapi/delivery.json", include_in_schema=False)
async def read_readers_contract(request: Request) -> JSONResponse:
    """Answer the part of the contract that is for readers."""
    app: FastAPI = request.app
    return JSONResponse(readers_part(app.openapi()), headers=_FOR_AN_HOUR)


@router.get("/docs", include_in_schema=False)
async def read_docs() -> HTMLResponse:
    """Answer a page that shows the contract, from this server alone."""
    return HTMLResponse(_PAGE, headers={**_FOR_AN_HOUR, "Content-Security-Policy": _POLICY})


@router.get("/docs/start.js", include_in_schema=False)
async def start_docs() -> Response:
    """Answer the line that starts the contract's reader."""
    return Response(_START, media_type="text/javascript", headers=_FOR_AN_HOUR)


@router.get("/docs/{asset}", include_in_schema=False)
async def read_asset(asset: str) -> FileResponse:
    """Answer a part of the contract's reader."""
    if asset not in _SERVED:
        raise NotThere
    return FileResponse(_ASSETS / asset, headers=_FOR_AN_HOUR)
