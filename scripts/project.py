"""Run ``ganjax project``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["project", *sys.argv[1:]]))
