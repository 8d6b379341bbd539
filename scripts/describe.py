"""Run ``ganjax describe``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["describe", *sys.argv[1:]]))
