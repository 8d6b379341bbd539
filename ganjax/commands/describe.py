"""List what a config can choose from, or describe a config.

    ganjax describe
    ganjax describe --axis=losses
    ganjax describe --config=biggan_cifar10:tiny
    ganjax describe --config=ring8 --fields
    ganjax describe --config=r3gan_cifar10 --shape=96,96,3 --classes=10
    ganjax describe --config=ring8 --measure

The description of a config lists its networks with their numbers of parameters, the
FLOPs of a forward pass over one sample, and an estimate of the memory of a device.
Nothing is computed, but the data are opened to read their shape. With --shape the data
are not opened: the description is for images H,W,C (or points D) with --classes labels.
--measure runs twenty steps and prints the hours, the memory and the disk of the whole
run; with --shape, on random data. --fields prints every field with its value, its
choices and its help. A * marks a knob: a field that a sweep changes without compiling
again.
"""

from ganjax import catalogue, command_line, parity, shipped
from ganjax.build import build_game
from ganjax.config import Choice, declared, flatten, knobs
from ganjax.data import feed_of, source_of
from ganjax.data.made_up import made_up
from ganjax.data.partial import of_classes, partly_labelled
from ganjax.errors import BadInput, unknown
from ganjax.options import read
from ganjax.training import Plan
from ganjax.training.rehearsal import Disk, Rehearsal, disk, rehearse

LEAST_SAMPLES = 64  # of made-up data
MIB = 2**20


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax describe")
    flags.add_argument("--axis", help="one axis alone")
    flags.add_argument("--fields", action="store_true", help="every field of --config")
    flags.add_argument("--shape", metavar="H,W,C", help="of data that are not opened")
    flags.add_argument("--classes", type=int, help="number of labels with --shape")
    flags.add_argument("--measure", action="store_true", help="run twenty steps")
    if any(argument.startswith("--config") for argument in arguments):
        options, config, _ = command_line.parse_with_config(flags, arguments)
        _check(options)
        if options.fields:
            flat = dict(flatten(config))
            print(command_line.described(declared(flat), flat))
            return 0
        if options.shape is None:
            source = source_of(config.data)
        else:
            shape, classes = _shape(options.shape), options.classes or 0
            source = _planned(config, shape, classes, options.measure)
        describe(config, source, options.measure)
        return 0
    options = flags.parse_args(arguments)
    for name in ("fields", "shape", "classes", "measure"):
        if getattr(options, name) not in (None, False):
            raise BadInput(f"--{name}: expected --config=FILE with it")
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
            for line in parity.lines(name, entry):
                print(f"  {'':{width}} {line}")
    return 0


def _check(options):
    if options.axis is not None:
        raise BadInput(
            f"--axis={options.axis}: expected it without --config; --axis lists "
            f"choices, --config describes a config"
        )
    if options.classes is not None and options.shape is None:
        raise BadInput(f"--classes={options.classes}: expected --shape=H,W,C with it")
    if options.classes is not None and options.classes < 0:
        raise BadInput(f"--classes={options.classes}: expected at least 0")
    for name in ("shape", "measure") if options.fields else ():
        if getattr(options, name) not in (None, False):
            raise BadInput(f"--{name}: expected it without --fields")


def _shape(text: str) -> tuple[int, ...]:
    sides = text.split(",")
    whole = all(side.isascii() and side.isdigit() and int(side) for side in sides)
    if not whole or len(sides) not in (1, 3):
        raise BadInput(f"--shape={text}: expected H,W,C of images, or D of points")
    return tuple(map(int, sides))


def _planned(config, shape, classes, drawn):
    """Return made-up data for a config."""
    data = config.data
    source = made_up(
        shape,
        classes,
        count=max(LEAST_SAMPLES, classes, data.labels, data.limit),
        pairs="a" in Choice(config).game.reads,
        captions="caption" in Choice(config).game.reads,
        drawn=drawn,
    )
    if data.classes:
        source = of_classes(source, data.classes)
    return partly_labelled(source, data.labels, data.subset) if data.labels else source


def describe(config, source, measure: bool = False) -> None:
    """Print the networks of a config, with their sizes and an estimate of the memory,
    for data like ``source``. With ``measure``, run a few steps and print the cost of
    the whole run."""
    game, _ = build_game(config, source)
    spec = source.spec
    name = config.data.name if spec.name != "made_up" else "data that are made up"
    labels = f" with {len(spec.classes)} classes" if spec.classes else ""
    print(f"game {config.game} on {name} {spec.shape}{labels}")
    print(
        f"\n{'network':16} {'architecture':16} {'parameters':>14} {'MFLOP/sample':>14}"
    )
    for name in game.networks:
        size, work = catalogue.parameters(game, name), catalogue.flops(game, name)
        made = config.networks[name].name
        print(f"{name:16} {made:16} {size:14,} {work / 1e6:14,.1f}")
    print(f"\nmemory of a device, batch of {config.batch_size}, estimated")
    for what, size in catalogue.memory(config, game).items():
        print(f"  {what:14} {size / MIB:10,.1f} MiB")
    if measure:
        plan = read(Plan, config).on_devices(config.packing)
        feed = feed_of(config.data, source, plan.batch_size, game.rounds)
        done = rehearse(game, knobs(config), feed, plan)
        print(_costs(plan, done, disk(plan, done, spec.shape)))


def _costs(plan: Plan, done: Rehearsal, left: Disk) -> str:
    """Return the table of a rehearsal."""
    device = plan.devices[0]
    whose = "of this process" if device.platform == "cpu" else "of a device"
    hours = plan.steps * done.seconds / 3600
    rate = plan.batch_size / done.seconds
    counts = ", ".join(
        f"{n:,} {what} of {size / MIB:,.2f} MiB"
        for what, (n, size) in (
            ("checkpoints", left.checkpoints),
            ("pictures (at most)", left.pictures),
        )
    )
    rows, row = left.rows
    return (
        f"\nmeasured over {done.steps} steps on {len(plan.devices)} × "
        f"{device.device_kind}, after {done.compilation:.1f} s of compilation\n"
        f"  step           {done.seconds:10.4f} s, {rate:,.0f} examples a second\n"
        f"  whole run      {hours:10,.2f} hours for {plan.steps:,} steps, without "
        f"scores, pictures and checkpoints\n"
        f"  peak memory    {done.memory / MIB:10,.1f} MiB {whose}\n"
        f"  disk           {left.bytes / MIB:10,.1f} MiB: {counts}, {rows:,} rows of "
        f"metrics of {row} bytes"
    )
