"""`python -m virtool_contract`."""

import sys

from virtool_contract.cli import main

sys.exit(main())
