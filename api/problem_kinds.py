"""The kinds of problem that an answer can tell of, each with the page that explains it to a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of problem: its address under `/problems/`, its status, title and explanation."""

    name: str
    status: int
    title: str
    explanation: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "bad-request",
            400,
            "The request is not understood",
            "A parameter, a header or the syntax of the body is wrong. `errors` names which, where it can be "
            "told. Unknown and repeated query parameters are refused too, so that no typing error goes unnoticed.",
        ),
        Kind(
            "invalid-grant",
            400,
            "No token is given for this",
            "The token endpoint refused; `error` is the code of RFC 6749, section 5.2. For a wrong e-mail address "
            "or password it is `invalid_grant`, without telling which of the two was wrong.",
        ),
        Kind(
            "invalid-client",
            401,
            "This client is not let in",
            "The token endpoint refused a client; `error` is `invalid_client` (RFC 6749, section 5.2). An unknown "
            "id, a wrong secret, a blocked client and an address outside of its networks look alike on purpose.",
        ),
        Kind(
            "unauthorized",
            401,
            "Sign in first",
            "The operation needs an access token, or the one that was sent is not good (any more). Get one from "
            "`POST /v1/auth/token` and send it as `Authorization: Bearer …`.",
        ),
        Kind("forbidden", 403, "You may not do this", "Your account's roles do not allow the operation."),
        Kind(
            "not-found",
            404,
            "There is nothing here",
            "Nothing is at this address, or nothing that you may know of; the two look alike on purpose.",
        ),
        Kind(
            "method-not-allowed",
            405,
            "Not this way",
            "The address exists and does not take this method. `Allow` lists those that it takes.",
        ),
        Kind(
            "wrong-state",
            409,
            "Not in this state",
            "The article's state does not admit the action, or you have none left of what it takes. `rule` names "
            "what refused; the article's `allowed_actions` lists what is possible now.",
        ),
        Kind(
            "conflict",
            409,
            "It collides with something",
            "Something that must be unique is taken, somebody else was faster, or what was to be removed is in "
            "use. `rule` names what refused, and `used_by` tells where it is used.",
        ),
        Kind(
            "withdrawn",
            410,
            "The article has been withdrawn",
            "It was published here and has been taken back. `detail` gives the public reason.",
        ),
        Kind(
            "sync-reset",
            410,
            "Start following anew",
            "What you may read has changed since you began to follow, so no page of changes can mend what you "
            "hold. Forget it, and start without a cursor.",
        ),
        Kind(
            "stale",
            412,
            "Somebody saved a newer version",
            "`If-Match` names another version than the present one, which `current_version` tells. Read the "
            "resource again, put your change on top of it, and retry.",
        ),
        Kind(
            "too-large",
            413,
            "That is too much",
            "The body of the request is larger than this server takes.",
        ),
        Kind(
            "unsupported-media-type",
            415,
            "Not in this form",
            "The body's type is not one that the operation takes, or its content is not what the type says.",
        ),
        Kind(
            "range-not-satisfiable",
            416,
            "There are no such bytes",
            "`Range` asks for bytes behind the end of the picture. `Content-Range` tells how many it has.",
        ),
        Kind(
            "unprocessable",
            422,
            "It does not fit",
            "The body was understood and does not fit. `errors` lists every flaw with a JSON pointer (RFC 6901).",
        ),
        Kind(
            "link-refused",
            422,
            "The link is not good (any more)",
            "The token is not one of those that are sent in letters, or it is too old, has been used, or the "
            "account has changed since. Ask for a new letter.",
        ),
        Kind(
            "bulk-refused",
            422,
            "Some rows do not fit, so nothing was done",
            "With `atomic=true` all rows are done or none. `rows` lists those that were refused, each with its "
            "problem; nothing was changed, and the others would have been fine.",
        ),
        Kind(
            "idempotency-key-reused",
            422,
            "The key stands for another request",
            "`Idempotency-Key` was sent before with another path, query or body. Make a new key for each request, "
            "and send it again only with the very same one.",
        ),
        Kind(
            "precondition-required",
            428,
            "Say which version you change",
            "Send `If-Match` with the `ETag` of the version that you read, so that nobody's work is overwritten.",
        ),
        Kind(
            "too-many-requests",
            429,
            "Too much in too short a time",
            "As much was asked for as is given in a minute, or so many wrong passwords were sent for one address "
            "that no more are looked at for a while. `rule` names the limit, and `RateLimit-Policy` tells how "
            "much it gives. Nothing was done; ask again after `Retry-After` seconds.",
        ),
        Kind(
            "internal-error",
            500,
            "Something broke here",
            "This is our fault. Nothing was changed. `request_id` finds the cause in the server's log.",
        ),
        Kind(
            "unavailable",
            503,
            "Not right now",
            "The database is busy, the server is shutting down, or the keys of an outside issuer cannot be had. "
            "Nothing was changed; retry after `Retry-After`.",
        ),
    )
}
