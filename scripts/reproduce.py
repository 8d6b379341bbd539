"""Run ``ganjax reproduce``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["reproduce", *sys.argv[1:]]))
