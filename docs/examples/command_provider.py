"""A provider as a command: --state-change-command "python command_provider.py DATABASE".

For throw-away databases only; never run it against one in production.
"""

import json
import sys
from pathlib import Path

from seeding import answer

DATABASE = Path(sys.argv[1])
answers, sys.stdout = sys.stdout, sys.stderr  # a print() somewhere must not end up among them

for line in sys.stdin:  # until the suite closes it
    print(json.dumps(answer(DATABASE, line)), file=answers, flush=True)
