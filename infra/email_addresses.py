"""E-mail addresses: whether one is fit to be written to, and how it is kept. Only this knows `email_validator`."""

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, with the angle brackets counted


def checked(address: str) -> str:
    """Return an address in its one form, in small letters, or raise `ValueError`. Nothing is looked up for it."""
    try:
        return validate_email(address, check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        raise ValueError("It must be an e-mail address, such as ada@example.org") from None


def on_the_wire(address: str) -> str:
    """Return an address as mail servers take it: in ASCII, unless its first part is not."""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return address
    return found.ascii_email or found.normalized
