"""What operations of the administration have in common: how they may refuse."""

from api.problems import declared

LIST = declared("bad-request", "unauthorized", "forbidden", "unavailable")
READ = {**LIST, **declared("not-found")}
WRITE = {**LIST, **declared("conflict", "too-large", "unsupported-media-type", "unprocessable")}
REMOVE = {**LIST, **declared("conflict", "not-found", "stale", "precondition-required")}
EDIT = {**WRITE, **REMOVE}
