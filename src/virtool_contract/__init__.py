"""A contract suite and validator for the analyses resource of the Virtool Jobs API.

The names below are what the promises in `contract_tests` are written with.
"""

from importlib.metadata import version

__version__ = version("virtool-contract")
