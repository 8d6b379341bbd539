"""Run ``ganjax evaluate``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
