"""List what a config can choose from, or describe a config.

    ganjax describe
    ganjax describe --axis=losses
    ganjax describe --config=biggan_cifar10:tiny
    ganjax describe --config=ring8 --fields

The description of a config has its networks with their parameters, the FLOPs of a
forward pass over one sample, and an estimate of the memory of a device. Nothing is
computed, but the data are opened to read their shape. --fields prints every field with
its value, its choices and its help. A * marks a knob: a field that a sweep changes
without compiling again.
"""

from ganjax import catalogue, command_line, shipped
from ganjax.build import build_game
from ganjax.config import declared, flatten
from ganjax.data import source_of
from ganjax.errors import BadInput, unknown


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax describe")
    flags.add_argument("--axis", help="one axis alone")
    flags.add_argument("--fields", action="store_true", help="every field of --config")
    if any(argument.startswith("--config") for argument in arguments):
        options, config, _ = command_line.parse_with_config(flags, arguments)
        if options.axis is not None:
            raise BadInput(
                f"--axis={options.axis}: expected it without --config; --axis lists "
                f"choices, --config describes a config"
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
    axes = {
        name: (f"config.{field}", entries)
        for name, (field, entries) in catalogue.AXES.items()
    }
    axes["configs"] = "--config=NAME", shipped.summaries()
    axis = options.axis
    if axis is not None and axis not in axes:
        raise unknown("--axis", axis, axes)
    for name in [axis] if axis else axes:
        field, entries = axes[name]
        width = max(26, *map(len, entries))
        print(f"\n{name}  ({field})")
        for entry, source in entries.items():
            print(f"  {entry:{width}} {catalogue.line(source)}")
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
