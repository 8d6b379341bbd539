"""Run ``ganjax anomalies``."""

import sys

from ganjax.commands import main

if __name__ == "__main__":
    sys.exit(main(["anomalies", *sys.argv[1:]]))
