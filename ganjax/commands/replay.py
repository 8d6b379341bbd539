"""Reproduce a step that gave nan or an infinity.

    ganjax replay runs/ring8/nonfinite/1200

BUNDLE is a folder that a run wrote when a number was not finite: a state, the batches
of the next steps and the config. The command takes these steps again. It prints the
first value that is not finite (in the batch, a loss, a gradient, a parameter, a state
of an optimizer) and its step. It needs neither the run nor its data.

Exit code 0: a value was not finite again. Exit code 1: all values are finite.
"""

import math

from ganjax import command_line
from ganjax import names as imports


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax replay")
    flags.add_argument("bundle", metavar="BUNDLE", help="the folder of the bundle")
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the config names"
    )
    options = flags.parse_args(arguments)

    from pathlib import Path

    from ganjax.replay import replay
    from ganjax.training import read_bundle

    imports.beside(Path.cwd())
    held = read_bundle(options.bundle)
    for name, values in sorted(held.metrics.items()):
        bad = [i for i, x in enumerate(values) if not math.isfinite(x)]
        if bad:
            print(
                f"in the run: step {held.step + bad[0] + 1}: {name} is {values[bad[0]]}"
            )
    found = replay(options.bundle, options.trust_code)
    if not found.step:
        print(f"steps {found.first} to {found.last}: all values are finite this time")
        return 1
    more = f"; {found.others} other arrays of this step too" if found.others else ""
    print(f"step {found.step}: {found.name} is {found.value}{more}")
    return 0
