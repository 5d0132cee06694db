"""What operations of the administration have in common: how they may refuse."""

from api.problems import declared

LIST = declared("bad-request", "unauthorized", "forbidden", "unavailable")
READ = {**LIST, **declared("not-found")}
BODY = declared("too-large", "unsupported-media-type", "unprocessable")
WRITE = {**LIST, **BODY, **declared("conflict")}
CHANGE = {**LIST, **declared("not-found", "stale", "precondition-required")}
REMOVE = {**CHANGE, **declared("conflict")}
ACT = {**REMOVE, **declared("unprocessable")}
EDIT = {**WRITE, **REMOVE}
