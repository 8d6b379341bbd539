"""Run ``ganjax report``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["report", *sys.argv[1:]]))
