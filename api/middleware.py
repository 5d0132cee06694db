"""What surrounds every request: an id, safe headers, one line in the access log, and no naked failure.

The log holds route templates, never addresses: those carry slugs, tokens and queries.
"""

import logging
import sys
import traceback
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.caching import FORGET, HEAD, carries_gift
from api.limiting import tell_limit

access = logging.getLogger("standfirst.access")
failures = logging.getLogger("standfirst.failures")
letters = logging.getLogger("standfirst.letters")
keys = logging.getLogger("standfirst.keys")
limits = logging.getLogger("standfirst.limits")
issuers = logging.getLogger("standfirst.issuers")

CLIENT_GONE = 499  # in the log only, as other servers write it
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})  # a caller can make one up
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Envelope:
    """Gives each request an id, its answer safe headers, and the log a line; turns a crash into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid4().hex
        scope["standfirst"] = noted = {"request_id": request_id, "template": "-"}
        started, status, is_given = perf_counter(), 0, carries_gift(scope)

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if is_given:
                    headers["Cache-Control"] = FORGET  # whatever comes of it
                await tell_limit(scope, status, headers)
            await send(message)

        try:
            await self.app(scope, receive, send_enveloped)
        except ClientDisconnect:
            status = status or CLIENT_GONE  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - the outermost place; everything else has been handled
            log_failure(request_id, error)
            if status:
                raise ConnectionAbortedError from None  # the answer has begun: cut it off rather than end it well
            await problems.answer(request_id, "internal-error")(scope, receive, send_enveloped)
        finally:
            took = (perf_counter() - started) * 1000
            method = scope["method"] if scope["method"] in _METHODS else "-"
            access.info("%s %s %s %d %.1fms", request_id, method, noted["template"], status, took)


def log_failure(request_id: str, error: BaseException) -> None:
    """Tell of a failure in the log, by its types and places alone."""
    failures.error("%s %s", request_id, _without_text(error))


def _without_text(error: BaseException) -> str:
    """Return type and places of an error. Its message may hold text of an article, so it is not logged."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    causes = [type(error).__name__]
    while cause := error.__cause__ or error.__context__:
        causes.append(type(cause).__name__)
        error = cause
    return f"{' from '.join(causes)} at {' > '.join(places[-6:])}"


class HeadIsGet:
    """Answers `HEAD` as `GET` without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_no_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET", HEAD: True}, receive, send_no_body)


class Cors(CORSMiddleware):
    """Lets pages of the configured origins call this API from a browser."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer what is allowed. Browsers refuse what is not by themselves, so there is no failure to tell of."""
        allowed = super().preflight_response(request_headers).headers
        kept = {name: allowed[name] for name in allowed if not name.startswith("content-")}
        return Response(status_code=204, headers=kept)


def configure_logging() -> None:
    """Send our logs to standard error. Uvicorn's access log stays off: it would print addresses."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    for logger in (access, failures, letters, keys, limits, issuers):
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
