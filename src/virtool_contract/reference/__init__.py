"""The reference server of the analyses resource: its own reading of the documentation.

It shares nothing with the oracle, so that one misunderstanding cannot hide in both.
"""
