"""How the value of an option is read: each reader takes text, and says what would work instead."""

import shlex
from urllib.parse import quote, urlsplit

from virtool_contract.json_values import Json, NotJsonError, parse

EFFORTS = ("quick", "standard", "thorough")
"""From the least to the most; each does what those before it do."""
REDIS = ("redis", "rediss", "unix")
"""The schemes of URLs that redis-py takes."""
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


def flag(text: str) -> bool:
    """A yes or no."""
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError("is neither yes nor no; try 1 or 0")


def url(text: str) -> str:
    """An absolute http or https URL."""
    try:
        parts = urlsplit(text)
        port_is_wrong = parts.port == 0
    except ValueError as error:
        raise ValueError(f"is not a URL ({error}); try http://localhost:9950") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port_is_wrong:
        raise ValueError("is not an http or https URL with a host; try http://localhost:9950")
    if parts.username or parts.password:
        raise ValueError("has credentials in it, which the provider hands out; try it without")
    return text


def base_url(text: str) -> str:
    """Scheme, host and port; a path belongs into --api-root."""
    parts = urlsplit(url(text))
    if parts.path.strip("/") or parts.query or parts.fragment:
        origin = f"{parts.scheme}://{parts.netloc}"
        raise ValueError(f"has more than scheme, host and port; try {origin} with --api-root")
    return text.rstrip("/")


def api_root(text: str) -> str:
    """A path prefix: empty, or with a leading slash; percent-encoded as far as it has to be."""
    if text and (not text.startswith("/") or any(mark in text for mark in "?#{} ")):
        raise ValueError("is not a path prefix; try /api, or '' for none")
    return quote(text.rstrip("/"), safe="/%!$&'()*+,;=:@~")


def effort(text: str) -> str:
    """One of the efforts."""
    if text not in EFFORTS:
        raise ValueError(f"is no effort; try {' or '.join(EFFORTS)}")
    return text


def example_database(text: str) -> str:
    """A folder, or the URL of a Redis database."""
    scheme, is_url, host = text.partition("://")
    if not text or (is_url and (scheme not in REDIS or not host)):
        raise ValueError("is no folder or Redis URL; try ./examples or redis://localhost:6379/0")
    return text


def whole(text: str) -> int:
    """A whole number from 0 up."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("is not a whole number from 0 up; try 0")
    return int(text)


def count(text: str) -> int:
    """A whole number from 1 up."""
    value = whole(text)
    if not value:
        raise ValueError("is not a number from 1 up; try 500")
    return value


def command(text: str) -> str:
    """A command as a shell would split it; it is started without one."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"is no command ({error}); try 'python provider.py'") from None
    if not words:
        raise ValueError("is no command; try 'python provider.py'")
    return text


def seconds(text: str) -> float:
    """A number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise ValueError("is not a number of seconds from 0 to 3600; try 10")
    return value


def positive_seconds(text: str) -> float:
    """A number of seconds above 0."""
    value = seconds(text)
    if not value:
        raise ValueError("is not a number of seconds above 0; try 10")
    return value


def body_fields(text: str) -> dict[str, Json]:
    """Members to send in every finalize body, as a JSON object."""
    try:
        value = parse(text.encode())
    except (NotJsonError, UnicodeEncodeError):
        value = None
    if not isinstance(value, dict) or not value:
        raise ValueError("""is not a JSON object with members; try '{"files": []}'""")
    if "results" in value:
        raise ValueError("""has `results`, which the suite itself sends; try '{"files": []}'""")
    return value


def path(text: str) -> str:
    """A path."""
    if not text:
        raise ValueError("is no path; try ./reports")
    return text
