"""Reading the body of a finalize request, one decision at a time."""

import json
import math
from typing import Final

from virtool_contract.reference.values import Document

BODY_LIMIT: Final = 8 * 2**20
"""The largest body that is read, in bytes."""

DEPTH_LIMIT: Final = 256
"""The deepest nesting that is taken: far beyond use, far below Python's recursion limit."""


class BodyError(ValueError):
    """A body that cannot be used, and the status to say so with."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status; the message is for the caller."""
        super().__init__(message)
        self.status = status


class Bodies:
    """Request bodies as results."""

    def body_limit(self) -> int:
        """Return the largest acceptable body, in bytes."""
        return BODY_LIMIT

    def members(self, body: bytes) -> Document:
        """Return the members of the object in a body.

        Raises:
            BodyError: there is no such object.
        """
        if len(body) > self.body_limit():
            raise BodyError(413, f"The body is larger than {self.body_limit()} bytes")
        return self.object_in(self.value_of(self.text_of(body)))

    def text_of(self, body: bytes) -> str:
        """Decode a body; JSON is UTF-8 (RFC 8259, section 8.1)."""
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BodyError(400, "The body is not UTF-8") from error

    def value_of(self, text: str) -> object:
        """Parse a body."""
        try:
            return json.loads(text, parse_constant=self.constant, parse_float=self.number)
        except BodyError:
            raise
        except RecursionError as error:
            raise BodyError(422, "The body is nested too deeply") from error
        except ValueError as error:  # not JSON, or an integer past Python's limit of 4,300 digits
            raise BodyError(400, "The body is not JSON") from error

    def constant(self, text: str) -> object:
        """Return what `NaN`, `Infinity` or `-Infinity` stand for: nothing in JSON."""
        raise BodyError(400, f"{text} is not JSON")

    def number(self, text: str) -> float:
        """Return a number with a fraction or an exponent; one too large to keep is refused."""
        number = float(text)
        if math.isinf(number):
            raise BodyError(422, "The body has a number too large to keep")
        return number

    def object_in(self, value: object) -> Document:
        """Return the body's value if it is an object."""
        if not isinstance(value, dict):
            raise BodyError(400, "The body must be a JSON object")
        return value

    def results_in(self, members: Document) -> Document:
        """Return the results among a body's members.

        Raises:
            BodyError: there are none, they are no object, or they are nested too deeply.
        """
        if "results" not in members:
            raise BodyError(422, "The body must have a member named results")
        return self.acceptable(members["results"])

    def acceptable(self, results: object) -> Document:
        """Return the results if they are an object that can be kept."""
        if not isinstance(results, dict):
            raise BodyError(422, "results must be a JSON object")
        if depth(results) > DEPTH_LIMIT:
            raise BodyError(422, f"results must not be nested deeper than {DEPTH_LIMIT} levels")
        return results


def depth(value: object) -> int:
    """Return how many levels of objects and lists there are; without recursion."""
    levels, level = 0, [value]
    while level:
        level = [child for node in level for child in children(node)]
        levels += 1
    return levels - 1


def children(node: object) -> list[object]:
    """Return the values in an object or a list."""
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
