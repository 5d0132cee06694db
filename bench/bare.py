"""What everything is measured beside: an ASGI application that answers the very same bytes, and nothing else.

`BENCH_ANSWERS` names a file of JSON: by path the status, the headers and the file of the body. `plain` is a route
of bare FastAPI.
"""

import json
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI

_Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def _answers() -> dict[str, _Answer]:
    said = json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text(encoding="utf-8"))
    return {
        path: (status, [(name.encode(), value.encode()) for name, value in headers], Path(file).read_bytes())
        for path, (status, headers, file) in said.items()
    }


_ANSWERS = _answers() if "BENCH_ANSWERS" in os.environ else {}
plain = FastAPI(openapi_url=None)


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, ARG001
    """Answer what was written down for this path."""
    if scope["type"] != "http":
        return
    status, headers, body = _ANSWERS[scope["path"]]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@plain.get("/articles/{slug}")
async def read_plain(slug: str) -> dict[str, str]:
    """Answer as little as a route can."""
    return {"slug": slug}
