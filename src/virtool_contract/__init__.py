"""A contract suite and validator for the analyses resource of the Virtool Jobs API."""
