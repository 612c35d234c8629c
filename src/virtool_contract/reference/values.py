"""What the reference server keeps and passes around: values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

Document: TypeAlias = dict[str, Any]
"""A JSON object, as Python's `json` reads it."""

Operation: TypeAlias = Literal["get", "finalize", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a caller put in its HTTP Basic header."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request for one operation on one analysis.

    `headers` is looked up without regard to letter case; `method` differs from the
    operation's own only for a HEAD.
    """

    operation: Operation
    analysis_id: str
    credentials: Credentials | None = None
    body: bytes = b""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, before it is turned into bytes.

    `content` is a JSON object to encode, bytes to send as they are, or None for no body.
    """

    status: int
    content: Document | bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An answer as it goes over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    chunked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job and the analysis it runs, if it runs one."""

    id: str
    key: str
    analysis_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something an analysis refers to by id and name: a sample, a subtraction."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file an analysis has produced; `size` in bytes."""

    id: int
    name: str
    format: str
    size: int
    description: str | None
    uploaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """An analysis: pending until `ready`, and then with `results`."""

    id: str
    created_at: datetime
    job_id: str
    files: tuple[File, ...]
    workflow: str
    sample: Named
    index_id: str
    index_version: int
    user_id: str
    subtractions: tuple[Named, ...]
    ready: bool = False
    results: Document | None = None
