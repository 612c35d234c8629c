"""Text that is safe to show: what a target sent must not steer a terminal or a parser."""


def plain(text: str) -> str:
    r"""The text with escapes for what cannot be printed; line feeds stay.

    ESC becomes `\x1b`, U+202E `\u202e`. Surrogates and noncharacters are among these, so what is
    left can be encoded, and XML 1.0 allows all of it (section 2.2).
    """
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


def one_line(text: str) -> str:
    r"""The same in one line, with `\n` for a line feed."""
    return plain(text).replace("\n", "\\n")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
