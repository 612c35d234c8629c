"""Writes what a run has sent and got as HAR 1.2, an entry a line (docs/traffic.md).

The format is "HAR 1.2" by Jan Odvarko and others; names that begin with `_` are our own, as it
allows. No key is written: credentials are replaced by who they are of, and all else is screened.
"""

import base64
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from virtool_contract import __version__
from virtool_contract.connections import ACCEPTED
from virtool_contract.exchange import Headers, Request, Response
from virtool_contract.recorder import Kept, Recorder, Tag
from virtool_contract.secrets import MASK, Screen, Secrets

PART = "traffic-{process}.part"
"""What a process of pytest-xdist leaves for the one that reports: entries, one a line."""
PARTS = PART.format(process="*")
HARMLESS = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})
"""The request headers that say nothing of who asks."""
HTTP = "HTTP/1.1"
MOST_CACHED = 2000
"""So many bodies and headers are kept as they were written; reads without a write agree."""


class Entries:
    """Makes entries of exchanges; what was written once is not screened again."""

    def __init__(self, base_url: str, secrets: Secrets, process: str = "") -> None:
        """Relate the monotonic clock to the one on the wall; `process` begins each scenario."""
        self._base_url = base_url
        self._process = process
        self._screen = Screen(secrets)
        self._epoch = time.time() - time.monotonic()
        self._bodies: dict[bytes, dict[str, Any]] = {}
        self._headers: dict[tuple[str, str], dict[str, str]] = {}

    def of(self, recorder: Recorder) -> Iterator[str]:
        """The entries as JSON, in the order in which the requests were sent."""
        for kept in sorted(recorder.kept, key=lambda each: each.started):
            yield json.dumps(self._entry(kept), separators=(",", ":"))

    def _entry(self, kept: Kept) -> dict[str, Any]:
        began = datetime.fromtimestamp(self._epoch + kept.started, UTC)
        took = round((kept.ended - kept.started) * 1000, 3)
        exchange, tag = kept.exchange, kept.tag
        entry = {
            "startedDateTime": began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "time": took,
            "request": self._request(exchange.request, tag),
            "response": self._response(exchange.response),
            "cache": {},
            "timings": {"send": 0, "wait": took, "receive": 0},
        }
        if exchange.failure:
            entry["_error"] = self._screen.hide(exchange.failure)
        if kept.clauses:
            entry["_clause"] = list(kept.clauses)
        return entry | (self._tagged(tag) if tag else {})

    def _tagged(self, tag: Tag) -> dict[str, Any]:
        made: dict[str, Any] = {
            "_scenario": f"{self._process}{tag.play}",
            "_step": tag.step,
            "_caller": str(tag.caller),
            "_subject": tag.subject,
            "_state": tag.state,
        }
        if tag.job:
            made["_job"] = self._screen.hide(tag.job)
        if tag.disguise:
            made["_disguise"] = tag.disguise
        return made

    def _request(self, request: Request, tag: Tag | None) -> dict[str, Any]:
        target = self._screen.hide(request.target)
        caller = f"{MASK} ({tag.caller})" if tag else MASK
        sent = {**ACCEPTED, **dict(request.headers)}
        shown = {k: v if k.lower() in HARMLESS else caller for k, v in sent.items()}
        query = urlsplit(target).query
        made: dict[str, Any] = {
            "method": request.method,
            "url": self._base_url + target,
            "httpVersion": HTTP,
            "cookies": [],
            "headers": self._named(tuple(shown.items())),
            "queryString": [
                {"name": name, "value": value}
                for name, value in parse_qsl(query, keep_blank_values=True)
            ],
            "headersSize": -1,
            "bodySize": len(request.body),
        }
        label = sent.get("Content-Type", "")
        if request.body or label:
            text = self._body(request.body)
            made["postData"] = {"mimeType": label, "params": [], "text": text["text"]}
            if "encoding" in text:
                made["postData"]["_encoding"] = text["encoding"]
        return made

    def _response(self, response: Response | None) -> dict[str, Any]:
        """A response; status 0 where none arrived, as browsers have it."""
        arrived = response or Response(status=0, headers=(), body=b"", elapsed=0)
        label = self._screen.hide(arrived.header("content-type"))
        return {
            "status": arrived.status,
            "statusText": _phrase(arrived.status),
            "httpVersion": HTTP,
            "cookies": [],
            "headers": self._named(arrived.headers),
            "content": {
                "size": len(arrived.body),
                "mimeType": label or "x-unknown",
                **self._body(arrived.body),
            },
            "redirectURL": self._screen.hide(arrived.header("location")),
            "headersSize": -1,
            "bodySize": -1,
        }

    def _named(self, headers: Headers) -> list[dict[str, str]]:
        """Headers, each screened once."""
        made = []
        for header in headers:
            if header not in self._headers:
                self._headers = self._headers if len(self._headers) < MOST_CACHED else {}
                name, value = map(self._screen.hide, header)
                self._headers[header] = {"name": name, "value": value}
            made.append(self._headers[header])
        return made

    def _body(self, raw: bytes) -> dict[str, Any]:
        """A body as text; as base64 where it is not UTF-8."""
        made = self._bodies.get(raw)
        if made is None:
            self._bodies = self._bodies if len(self._bodies) < MOST_CACHED else {}
            made = self._bodies[raw] = _as_text(raw, self._screen)
        return made


def _as_text(raw: bytes, screen: Screen) -> dict[str, Any]:
    try:
        return {"text": screen.hide(raw.decode())}
    except UnicodeDecodeError:
        hidden = screen.hide(raw.decode("latin-1")).encode("latin-1", "replace")
        return {"text": base64.b64encode(hidden).decode(), "encoding": "base64"}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def write(file: Path, entries: Iterable[str], about: Mapping[str, Any]) -> None:
    """Write a HAR, entry by entry; `about` are members of the log besides.

    Raises:
        OSError: it cannot be written.
    """
    head = {"version": "1.2", "creator": {"name": "virtool-contract", "version": __version__}}
    begun = json.dumps({**head, **about})[:-1]
    with file.open("w", encoding="ascii") as har:
        har.write(f'{{"log": {begun}, "entries": [')
        for number, entry in enumerate(entries):
            har.write(f",\n{entry}" if number else f"\n{entry}")
        har.write("\n]}}\n")


def write_part(folder: Path, process: int, entries: Iterable[str]) -> str:
    """Leave a process' entries for the one that reports; the name of the file.

    Raises:
        OSError: it cannot be written.
    """
    name = PART.format(process=process)
    with (folder / name).open("w", encoding="ascii") as part:
        part.writelines(f"{entry}\n" for entry in entries)
    return name


def read_parts(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """The entries of other processes, whose files go once they are read."""
    for name in names:
        part = folder / name
        with part.open(encoding="ascii") as lines:
            yield from (line.rstrip("\n") for line in lines)
        part.unlink()
