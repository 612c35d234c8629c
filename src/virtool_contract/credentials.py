"""How a caller identifies itself: headers of a job, or such that are no job's."""

import base64

from virtool_contract.disguises import HEXADECIMAL
from virtool_contract.exchange import Headers
from virtool_contract.model import Caller
from virtool_contract.provider import Credentials


class Unshown(str):
    """Text that shows nothing of itself in a traceback with local variables."""

    __slots__ = ()

    def __repr__(self) -> str:
        """A mask in its place."""
        return "'***'"


def credential_headers(credentials: Credentials) -> Headers:
    """The headers a job identifies itself with: verbatim ones, or HTTP Basic (RFC 7617)."""
    if credentials.headers:
        return tuple((name, Unshown(value)) for name, value in credentials.headers.items())
    return basic(f"job-{credentials.job_id}", credentials.job_key)


def basic(user: str, password: str) -> Headers:
    """An HTTP Basic Authorization header."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return (("Authorization", Unshown(f"Basic {token}")),)


def spoiled(caller: Caller, own: Credentials, other: Credentials) -> Headers:
    """The headers of a caller that nobody knows: the owner's credentials, made invalid its way.

    `other` are those of the job whose id or key it takes. Jobs may all have the same key, and a key
    may be the job's id: what would be valid then is a wrong key instead.

    Of headers that a provider hands out as they are, those that look like credentials are spoiled.
    A key that may be a number in hexadecimal is spoiled in another way than by its letter case,
    which a correct server may ignore then.
    """
    if caller is Caller.MALFORMED:
        return (("Authorization", "Basic !"),)
    if caller is Caller.WRONG_SCHEME:
        return (("Authorization", Unshown(f"Bearer {own.job_key or 'wrong'}")),)
    if own.headers:
        secret = [name for name in own.headers if _is_secret(name)] or list(own.headers)
        return tuple(
            (name, Unshown(_spoil(caller, value) if name in secret else value))
            for name, value in own.headers.items()
        )
    job_id = other.job_id if caller is Caller.FOREIGN_ID else own.job_id
    if caller is Caller.EXTENDED_ID:
        job_id += "x"
    differ = own.job_key != other.job_key
    keys = {
        Caller.FOREIGN_ID: own.job_key if differ else "",
        Caller.EXTENDED_ID: own.job_key,
        Caller.SWAPPED_KEY: other.job_key if differ else "",
        Caller.FINISHED_KEY: other.job_key if differ else "",
        Caller.JOB_ID_AS_KEY: own.job_id if own.job_id != own.job_key else "",
    }
    return basic(f"job-{job_id}", keys.get(caller) or _spoil(caller, own.job_key))


def _is_secret(header: str) -> bool:
    words = ("auth", "cookie", "key", "token", "secret", "session")
    return any(word in header.lower() for word in words)


def _spoil(caller: Caller, secret: str) -> str:
    if caller is Caller.EMPTY_KEY:
        return ""
    if caller is Caller.EXTENDED_KEY:
        return f"{secret}x"
    if caller is Caller.TRUNCATED_KEY:
        return secret[:-4] if len(secret) > 8 else secret[:-1]
    if caller is Caller.OTHER_CASE and not HEXADECIMAL.fullmatch(secret.rpartition(" ")[2]):
        return secret.swapcase()
    # Several characters from the middle on: the last ones of a token may carry unused bits.
    middle = max(len(secret) // 2, 0)
    return (
        secret[:middle] + "".join(map(_another, secret[middle : middle + 6])) + secret[middle + 6 :]
    )


def _another(char: str) -> str:
    """Another character of the same make."""
    return "b" if char == "a" else "a" if char.isalpha() else "8" if char == "7" else "7"
