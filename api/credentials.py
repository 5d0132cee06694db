"""What a request says of who sends it, before anybody has looked whether that is so."""

from ipaddress import ip_address

from fastapi import Request

from domain.errors import Unidentified


def address_of(request: Request) -> str | None:
    """Return the caller's network address, if it is one: a proxy passes on what it was told, zone and all."""
    try:
        return str(ip_address(request.client.host.partition("%")[0])) if request.client else None
    except ValueError:
        return None


def is_basic(authorization: str) -> bool:
    """Tell whether a field `Authorization` holds basic authentication (RFC 7617)."""
    return authorization.partition(" ")[0].lower() == "basic"


def bearer_of(request: Request) -> str | None:
    """Return the bearer token (RFC 6750), or nothing where there are no credentials at all."""
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise Unidentified("Send one `Authorization` header, with a bearer token.", presented=True)
    return token.strip()
