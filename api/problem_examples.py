"""An example of each kind of problem, made the way real ones are."""

from collections.abc import Mapping

from api.problem_kinds import KINDS
from api.problems import Problem, RowResult, RowsRefused, of_refusal, problem
from domain import errors

REQUEST_ID = "7d2f0c1b9a8e4f63a5d4c3b2a1908f7e"
_MISSING = errors.Flaw("/title", "It is required.")
_REFUSALS: Mapping[str, errors.Refusal] = {
    "bad-request": errors.BadRequest("It must be a whole number.", parameter="limit"),
    "invalid-grant": errors.GrantRefused("invalid_grant", "The e-mail address or the password is wrong."),
    "invalid-client": errors.ClientRefused(),
    "unauthorized": errors.Unidentified("This needs an access token.", presented=False),
    "forbidden": errors.NotAllowed("Your account's roles do not allow this.", rule="tags"),
    "not-found": errors.NotThere(),
    "wrong-state": errors.WrongState(
        "The draft has been submitted; an editor can return it.", rule="edit-submitted"
    ),
    "conflict": errors.Conflict("Another article holds this slug; give this one another.", rule="slug"),
    "withdrawn": errors.Withdrawn("The interview had not been authorised."),
    "stale": errors.Stale(current=8, fields=("title", "body"), blocks=(("4f1d9a0c2b7e", "changed"),)),
    "too-large": errors.TooLarge("The body may have 2000000 bytes."),
    "unsupported-media-type": errors.WrongMedia("Send the body as application/json."),
    "unprocessable": errors.Unfit(_MISSING, errors.Flaw("/language", "It is required.")),
    "idempotency-key-reused": errors.KeyReused(),
    "link-refused": errors.LinkRefused(),
    "precondition-required": errors.VersionNeeded(),
    "too-many-requests": errors.TooMany(rule="search", wait=7),
    "bulk-refused": RowsRefused(
        [RowResult(row=2, status=422, problem=of_refusal(REQUEST_ID, errors.Unfit(_MISSING)))]
    ),
}

EXAMPLES: Mapping[str, Problem] = {
    name: of_refusal(REQUEST_ID, _REFUSALS[name]) if name in _REFUSALS else problem(REQUEST_ID, name)
    for name in KINDS
}
