"""Run ``ganjax score``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["score", *sys.argv[1:]]))
