"""What faults of fidelity have in common: results are kept with some of their values changed."""

from collections.abc import Callable
from typing import Any, ClassVar

from typing_extensions import override

from virtool_contract.reference.faults.base import Fault, Reach
from virtool_contract.reference.values import Document


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # any JSON value
    """Return a JSON value with every value in it changed, the innermost first."""
    if isinstance(value, dict):
        return change({name: rebuilt(each, change) for name, each in value.items()})
    if isinstance(value, list):
        return change([rebuilt(each, change) for each in value])
    return change(value)


class Rebuilding(Fault):
    """Changes one kind of value wherever it stands in the results."""

    category = "fidelity"
    breaks: ClassVar[tuple[str, ...]] = ("finalize.freeform",)
    reach: ClassVar[Reach] = "a value"

    @override
    def stored(self, results: Document) -> Document:
        changed: Document = rebuilt(super().stored(results), self.changed)
        return changed

    def changed(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        """Return what becomes of one value, whose own values have been seen to."""
        hooks: dict[type, Callable[[Any], Any]] = {
            bool: self.of_boolean,
            int: self.of_integer,
            float: self.of_float,
            str: self.of_text,
            list: self.of_list,
            dict: self.of_object,
        }
        return value if value is None else hooks[type(value)](value)

    def of_boolean(self, value: bool) -> object:  # noqa: FBT001  # a value, not a switch
        """Return what becomes of true and false."""
        return value

    def of_integer(self, value: int) -> object:
        """Return what becomes of a number without fraction or exponent."""
        return value

    def of_float(self, value: float) -> object:
        """Return what becomes of another number."""
        return value

    def of_text(self, value: str) -> object:
        """Return what becomes of a string that is not a key."""
        return value

    def of_list(self, value: list[Any]) -> object:
        """Return what becomes of a list."""
        return value

    def of_object(self, value: Document) -> Document:
        """Return what becomes of an object."""
        return value
