"""Runs the reference server for the command line."""

import sys
from collections.abc import Sequence

from virtool_contract import loading
from virtool_contract.reference import app
from virtool_contract.reference.faults import catalogue as fault_catalogue
from virtool_contract.reference.faults import compose as compose_faults
from virtool_contract.reference.freedoms import catalogue as freedom_catalogue
from virtool_contract.reference.freedoms import compose as compose_freedoms
from virtool_contract.reference.service import Service

CONFIGURATION = 2


def list_catalogue(*, freedoms: bool) -> int:
    """Print the names of a catalogue, each with what it does; a fault with what it breaks."""
    contract = loading.load()
    for name, entry in (freedom_catalogue() if freedoms else fault_catalogue()).items():
        symptom = (entry.__doc__ or "").strip().splitlines()[0]
        breaks = [contract.clauses[clause] for clause in getattr(entry, "breaks", ())]
        category = entry.__module__.rpartition(".")[2]
        claim = ", ".join(f"{clause.level} {clause.id}" for clause in breaks)
        print(f"{name}: {symptom}" + (f" [{category}: {claim}]" if claim else ""))
    return 0


def service(faults: Sequence[str], freedoms: Sequence[str]) -> Service:
    """The reference service with those faults and freedoms.

    Raises:
        ValueError: there is no such fault or freedom; the message names similar ones.
    """
    bases = (compose_faults(faults),) * bool(faults) + (compose_freedoms(freedoms),) * bool(
        freedoms
    )
    served: Service = type("Served", bases or (Service,), {})()
    return served


def serve(
    host: str,
    port: int,
    *,
    faults: Sequence[str],
    freedoms: Sequence[str],
    until_stdin_closes: bool,
) -> int:
    """Serve until stopped; print one line with the URL once requests are taken."""
    try:
        served = service(faults, freedoms)
    except ValueError as error:
        print(f"virtool-contract: {error}", file=sys.stderr)
        return CONFIGURATION

    def announce(url: str) -> None:
        print(f"provider states at {url}/provider-states, serving at {url}", flush=True)

    watched = sys.stdin if until_stdin_closes else None
    try:
        app.run(served, host, port, announce, stop_when_closed=watched)
    except OSError as error:
        wrong = f"--port {port}" if error.errno in app.PORT_IS_WRONG else f"--host {host}"
        print(f"virtool-contract: {wrong}: {error.strerror}", file=sys.stderr)
        return CONFIGURATION
    return 0
