"""E-mail addresses: whether one is fit to be written to, and how it is kept. Only this knows `email_validator`."""

from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, with the angle brackets counted


def checked(address: str) -> str:
    """Return an address in its one form, in small letters, or raise `ValueError`. Nothing is looked up for it.

    What looks like an encoded word (RFC 2047) is none here: in a header it would be read as what it encodes, be it
    a line break and headers of whoever typed it.
    """
    try:
        # Small letters may have one sign where capitals had two, or two for one: then it may be too long.
        found = _valid(normalize("NFC", _valid(address).lower()))
    except EmailNotValidError:
        found = ""
    if not found or "=?" in found:
        raise ValueError("It must be an e-mail address, such as ada@example.org")
    return found


def _valid(address: str) -> str:
    return validate_email(address, check_deliverability=False, strict=True).normalized


def on_the_wire(address: str) -> str:
    """Return an address as mail servers take it: in ASCII, unless its first part is not."""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return address
    return found.ascii_email or found.normalized
