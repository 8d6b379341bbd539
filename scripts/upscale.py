"""Run ``ganjax upscale``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["upscale", *sys.argv[1:]]))
