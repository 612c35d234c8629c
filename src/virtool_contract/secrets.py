"""Keeps keys out of messages: every text that may quote a target goes through `Secrets.hide`."""

import base64
import json
from urllib.parse import quote

from virtool_contract.provider import Credentials

MASK = "***"
SHORTEST = 3
"""Shorter secrets are left: masking every `a` would hide the message and not the key."""
PARTIAL = 6
"""So much of the beginning of a secret is masked where a text was cut in the middle of one."""


class Secrets:
    """The secrets that were handed out, in the encodings in which a target may echo them."""

    def __init__(self) -> None:
        """Know none yet."""
        self._spellings: set[str] = set()

    def add(self, credentials: Credentials) -> None:
        """Learn the key and the headers of a job."""
        pair = f"job-{credentials.job_id}:{credentials.job_key}"
        values = [credentials.job_key, *credentials.headers.values()]
        values += [value.partition(" ")[2] for value in credentials.headers.values()]
        for secret in filter(None, [pair, *values]):
            self._spellings |= {each for each in _spellings(secret) if len(each) >= SHORTEST}

    def hide(self, text: str) -> str:
        """The text with every secret masked, also one that a cut has left the beginning of."""
        for secret in sorted(self._spellings, key=len, reverse=True):
            text = text.replace(secret, MASK)
        end = text.rstrip("\u2026")
        for secret in self._spellings:
            for length in range(len(secret) - 1, PARTIAL - 1, -1):
                if end.endswith(secret[:length]):
                    return end[:-length] + MASK + text[len(end) :]
        return text


def _spellings(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    return {
        secret,
        ascii(secret)[1:-1],
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        encoded,
        encoded.rstrip("="),
        secret.encode().hex(),
    }
