"""Run a command by ``python -m ganjax COMMAND``."""

import sys

from ganjax.commands import main

sys.exit(main())
