"""A page of the Virtool developer documentation, as values."""

from dataclasses import dataclass


class PageError(ValueError):
    """A page is not of the documented form.

    Attributes:
        line: where, counted from 1.
    """

    def __init__(self, line: int, wrong: str, right: str) -> None:
        """Say what is `wrong` on the `line`, and what would be `right`."""
        super().__init__(f"line {line}: {wrong}; {right}")
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A JSON value printed on the page. The wrapper tells a printed `null` from no example."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A row of a parameter table: `results`, `object`, required."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row of an error table: `404`, `Not found`."""

    status: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the page says of one operation.

    `path` and `request_path` are as printed (`/things/:id`, `/things/abc`). A request or response
    that is not on the page is None, and so is an example.
    """

    title: str
    method: str
    path: str
    unimplemented: bool = False
    parameters: tuple[Parameter, ...] = ()
    request_method: str | None = None
    request_path: str | None = None
    request_example: Example | None = None
    status: int | None = None
    response_example: Example | None = None
    errors: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A documentation page: the title of its front matter, and a section per level-1 heading."""

    title: str
    sections: tuple[Section, ...]
