"""Run ``ganjax sweep``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["sweep", *sys.argv[1:]]))
