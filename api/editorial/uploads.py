"""Reading an upload: one file and what is said of it, as `multipart/form-data` (RFC 7578)."""

import re
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from api.bodies import refuse_unkeepable
from api.editorial.media_schemas import MediaForm
from api.problems import flaws_in
from domain.errors import Flaw, Unfit, WrongMedia
from infra.storage import Incoming, pour

FILE = "file"
_FLAGS: dict[Any, bool] = {"true": True, "false": False}  # in a form all is text
_NOT_UTF_8 = re.compile("[\x80-\x9f]")  # what is left of other bytes, which are read as Latin-1


async def read_upload(request: Request, incoming: Incoming) -> MediaForm:
    """Write the uploaded file to where it comes in, and return what is said of it."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise WrongMedia("Send text in UTF-8.")
    async with request.form(max_files=1, max_fields=len(MediaForm.model_fields)) as form:
        upload = form.get(FILE)
        if not isinstance(upload, UploadFile) or not upload.size:
            raise Unfit(Flaw(f"/{FILE}", "It takes one file that is not empty."))
        said = _said(form)
        await run_in_threadpool(pour, upload.file, incoming)
    return said


def _said(form: FormData) -> MediaForm:
    fields: dict[str, Any] = {name: value for name, value in form.multi_items() if name != FILE}
    if len(fields) + 1 != len(form.multi_items()):
        raise Unfit(Flaw("", "A field may stand there only once."))
    refuse_unkeepable(fields)
    fields |= {name: _FLAGS.get(fields[name], fields[name]) for name in fields.keys() & {"may_be_syndicated"}}
    if _NOT_UTF_8.search("".join(map(str, fields.values()))):
        raise Unfit(Flaw("", "Send text in UTF-8."))
    try:
        return MediaForm.model_validate(fields)
    except ValidationError as error:
        flaws = flaws_in(error.errors(), fields)
        raise Unfit(*(Flaw(flaw.pointer or "", flaw.detail) for flaw in flaws)) from None
