"""An entry of a HAR as an exchange with an analysis, or why it is none."""

import base64
import gzip
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from virtool_contract.contract import Contract
from virtool_contract.disguises import DISGUISES
from virtool_contract.model import Caller
from virtool_contract.subject import STATE
from virtool_contract.traffic.reading import TrafficError

CREDENTIALS = ("authorization", "cookie")
"""The headers of which a caller has at least one, unless it is anonymous."""
FRACTION = re.compile(r"\d\d:\d\d:\d\d(?:[.,](\d+))?")
MOST_INFLATED = 16 * 1024 * 1024
"""Bytes of a body that is inflated; more than that is taken for a body that was not recorded."""


class Spotted(NamedTuple):
    """One exchange with an analysis, of plain values only, so that it can be put on disk.

    `host` and `analysis_id` say which analysis; times are seconds since 1970, and a start may be
    `slack` seconds later than it says. Of bodies and of the content of an answer, None means that
    they were not recorded. A `status` of 0 means that no answer came; what stands in the headers
    of a refusal, `beside` its body, is one line for each. The last members are those of our own
    recordings, empty in others.
    """

    host: str
    analysis_id: str
    started: float
    ended: float
    slack: float
    operation: str
    credentials: str
    body: bytes | None
    body_type: str
    status: int
    content_type: str
    content: bytes | None
    beside: str
    caller: str
    subject: str
    state: str
    job: str
    scenario: str
    disguise: str

    @property
    def is_write(self) -> bool:
        """Whether it may change an analysis."""
        return self.operation != "get"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the analyses are: the path with `{analysis_id}` in it, on one `host` or on any."""

    path: str
    host: str = ""


DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def host_of(url: str) -> str:
    """Scheme, host and port of a URL in one spelling."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(DEFAULT_PORTS.get(parts.scheme, ' '))}"


def spot(contract: Contract, place: Place, entry: Mapping[str, Any], where: str) -> Spotted | str:
    """The exchange that an entry tells of; the reason to leave it out, if it is none.

    Raises:
        TrafficError: it is no entry of a HAR.
    """
    try:
        return _spot(contract, place, entry)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise TrafficError(f"{where}: is no entry of a HAR ({what[:120]!a})") from None


def _spot(contract: Contract, place: Place, entry: Mapping[str, Any]) -> Spotted | str:
    request, response = entry["request"], entry["response"]
    status = int(response["status"])
    url = urlsplit(str(request["url"]))
    if url.scheme not in {"http", "https"} or status == 101:
        return "not of HTTP"
    host = host_of(str(request["url"]))
    if place.host and host != place.host:
        return "to other hosts"
    segment = _segment(url.path, place.path)
    if not segment:
        return "of other paths"
    method = str(request["method"]).upper()
    found = [each.id for each in contract.operations.values() if each.method == method]
    if not found:
        return "with other methods"
    if status == 304 or entry.get("_fromCache"):
        return "answered from a cache"
    started, slack = _instant(str(entry["startedDateTime"]))
    took = float(entry.get("time") or 0) / 1000
    headers = _headers(request.get("headers") or ())
    body, body_type = _sent(request, headers)
    answered = _headers(response.get("headers") or ())
    content = response.get("content") or {}
    label = answered.get("content-type", "")
    return Spotted(
        host=host,
        analysis_id=unquote(segment, errors="replace"),
        started=started,
        ended=started + (took if math.isfinite(took) and took > 0 else 0.0),
        slack=slack,
        operation=found[0],
        credentials=next((headers[name] for name in CREDENTIALS if name in headers), ""),
        body=body,
        body_type=body_type,
        status=max(status, 0),
        content_type=label or ("" if answered else _label(content)),
        content=_content(content, status, answered),
        beside="\n".join(answered.values()) if status >= 400 else "",
        **_own(entry),
    )


def _segment(path: str, wanted: str) -> str:
    """What stands for `{analysis_id}` in a path; empty where the path is another."""
    start, _, end = wanted.partition("{analysis_id}")
    if not (path.startswith(start) and path.endswith(end)):
        return ""
    segment = path[len(start) : len(path) - len(end)]
    return "" if "/" in segment else segment


def _own(entry: Mapping[str, Any]) -> dict[str, str]:
    """What our own recordings say besides."""
    caller = str(entry.get("_caller", ""))
    state = str(entry.get("_state", "")) if caller else ""
    disguise = str(entry.get("_disguise", "")) if caller else ""
    if caller:
        Caller(caller)
    if state and not re.fullmatch(STATE, state):
        raise ValueError(f"_state: {state!a}")
    if disguise and disguise not in DISGUISES:
        raise ValueError(f"_disguise: {disguise!a}")
    return {
        "caller": caller,
        "subject": str(entry.get("_subject", "")) if caller else "",
        "state": state,
        "job": str(entry.get("_job", "")) if caller else "",
        "scenario": str(entry.get("_scenario", "")) if caller else "",
        "disguise": disguise,
    }


def _instant(text: str) -> tuple[float, float]:
    """When something began, and how much later it may have been, for want of digits."""
    when = datetime.fromisoformat(text)
    digits = FRACTION.search(text)
    slack = 10.0 ** -min(len(digits[1] or "") if digits else 0, 6)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp(), slack


def _headers(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Headers by their names in lower case, the first of each."""
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(str(row["name"]).lower(), str(row["value"]))
    return found


def _sent(request: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[bytes | None, str]:
    """The body of a request and its label; without data, one is not known to be empty."""
    data = request.get("postData")
    if not data:
        return None, headers.get("content-type", "")
    label = headers.get("content-type") or str(data.get("mimeType") or "")
    if data.get("text") is None:
        return None, label
    text, encoding = str(data["text"]), data.get("_encoding") or data.get("encoding")
    return _bytes(text, encoding), label


def _label(content: Mapping[str, Any]) -> str:
    label = str(content.get("mimeType") or "")
    return "" if label == "x-unknown" else label


def _content(content: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> bytes | None:
    """The content of an answer, its encoding undone; None where it was not recorded."""
    if content.get("text") is None:
        empty = status == 204 or content.get("size") == 0 or headers.get("content-length") == "0"
        return b"" if empty else None
    raw = _bytes(str(content["text"]), content.get("encoding"))
    squeezed = raw.startswith((b"\x1f\x8b", b"\x78"))
    return _inflated(raw) if squeezed and headers.get("content-encoding") else raw


def _inflated(raw: bytes) -> bytes | None:
    """A body that a recorder has left compressed; as it is where it only looks like one."""
    try:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        made = inflater.decompress(raw, MOST_INFLATED)
    except (zlib.error, gzip.BadGzipFile):
        return raw
    return None if inflater.unconsumed_tail else made


def _bytes(text: str, encoding: object) -> bytes:
    if encoding == "base64":
        return base64.b64decode(text, validate=True)
    return text.encode(errors="replace")
