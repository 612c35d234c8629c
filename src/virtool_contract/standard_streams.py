"""Standard streams that are closed, or that nobody reads any more."""

import os
import sys

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def occupy_standard_streams() -> None:
    """Put the null device where a standard stream is closed.

    Else the next socket to be opened would be descriptor 2, and take whatever is written there.
    """
    for descriptor, (name, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
            stream = open(descriptor, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - as above
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def drop_output() -> None:
    """Send what is still to be written to standard output nowhere; nobody takes it."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the end
