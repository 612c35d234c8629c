"""What a freedom is."""

from virtool_contract.reference.variants import Variant


class Freedom(Variant):
    """A server that differs from the reference and is right all the same.

    The docstring of each says what a client would see; a suite must report nothing on it.
    """
