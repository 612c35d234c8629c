"""What goes over the wire, as values: a request, a response, and the exchange of the two."""

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was sent; `target` is the path and query, percent-encoded."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response as it arrived, its content encoding undone; `elapsed` is in seconds."""

    status: int
    headers: Headers
    body: bytes
    elapsed: float

    def header(self, name: str) -> str:
        """The first header of that name, in any letter case; empty where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    @property
    def announced(self) -> int:
        """How many bytes Content-Length announces; 0 where it says nothing, or no number."""
        said = self.header("content-length").strip()
        return int(said) if said.isdecimal() and len(said) < 20 else 0

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters (RFC 9110, section 8.3.1)."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the body is labelled JSON: application/json, or any type ending in +json."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request with its response, or with the reason why none arrived.

    `lost` says why it was sent twice, if it was: the connection had been kept, and the target ended
    it before any of an answer came.
    """

    request: Request
    response: Response | None = None
    failure: str = ""
    lost: str = ""
