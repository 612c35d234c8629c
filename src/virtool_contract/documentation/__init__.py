"""The documentation page: reading it, and where it and the contract differ (`check-docs`)."""
