"""Lists what a config may choose from, or says what a config is made of.

    python scripts/describe.py
    python scripts/describe.py --axis=losses
    python scripts/describe.py --config=configs/biggan_cifar10.py:tiny
    python scripts/describe.py --config=configs/ring8.py --fields

For a config: its networks with their parameters and the FLOPs of a forward pass over
one sample, and an estimate of the memory of a device. Nothing is computed, but the data
are opened for their shape. With --fields: every field with its value, the values that
it takes and what it is; a * marks a knob, which sweeps without compiling again.
"""

from ganjax import catalogue, command_line
from ganjax.build import build_game
from ganjax.config import declared, flatten
from ganjax.data import source_of
from ganjax.errors import BadInput, unknown


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--axis", help="one axis alone")
    flags.add_argument("--fields", action="store_true", help="every field of --config")
    if any(argument.startswith("--config") for argument in arguments):
        options, config, _ = command_line.parse_with_config(flags, arguments)
        if options.axis is not None:
            raise BadInput(
                f"--axis={options.axis}: expected it without --config; the one lists "
                f"what there is, the other says what a config is made of"
            )
        if options.fields:
            flat = dict(flatten(config))
            print(command_line.described(declared(flat), flat))
        else:
            describe(config)
        return 0
    options = flags.parse_args(arguments)
    if options.fields:
        raise BadInput("--fields: expected --config=FILE with it")
    axis = options.axis
    if axis is not None and axis not in catalogue.AXES:
        raise unknown("--axis", axis, catalogue.AXES)
    for name in [axis] if axis else catalogue.AXES:
        field, entries = catalogue.AXES[name]
        print(f"\n{name}  (config.{field})")
        for entry, source in entries.items():
            print(f"  {entry:26} {catalogue.line(source)}")
    return 0


def describe(config) -> None:
    source = source_of(config.data)
    game, _ = build_game(config, source)
    print(f"game {config.game} on {config.data.name} {source.spec.shape}")
    print(
        f"\n{'network':16} {'architecture':16} {'parameters':>14} {'MFLOP/sample':>14}"
    )
    for name in game.networks:
        size, work = catalogue.parameters(game, name), catalogue.flops(game, name)
        made = config.networks[name].name
        print(f"{name:16} {made:16} {size:14,} {work / 1e6:14,.1f}")
    print(f"\nmemory of a device, batch of {config.batch_size}, estimated")
    for what, size in catalogue.memory(config, game).items():
        print(f"  {what:14} {size / 2**20:10,.1f} MiB")


if __name__ == "__main__":
    command_line.run(main)
