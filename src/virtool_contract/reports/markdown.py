"""Text within Markdown: what a target sent is no markup, link or mention there."""

import re

from virtool_contract.reports.plain import one_line

CELL = 200
"""Characters of a text in a table."""
MEANS = re.compile(r'[!"#$&*+.:<=>@\[\\\]^_`{|}~]')
"""What may mean something in Markdown, or turn a text into a link or a mention."""


def marked(said: str, most: int = CELL) -> str:
    """A text that Markdown takes for text, in one line."""
    return MEANS.sub(lambda match: f"&#{ord(match[0])};", one_line(cut(said, most)))


def code(said: str) -> str:
    """The same in the type of code."""
    return f"<code>{marked(said)}</code>"


def cut(said: str, most: int) -> str:
    """A text of so many characters at most."""
    return said if len(said) <= most else f"{said[:most]}…"
