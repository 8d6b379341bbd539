"""Wrong configs and flags."""

import time

from .place import contents, must
from .row import Row

LIMIT = 5.0  # seconds until a mistake is named, the import included
SOON = 10  # mistakes whose seconds are measured

# Arguments of ganjax train, with a word that the line must have.
TRAIN = (
    ("--config.stepz=10", "steps"),
    ("--config.steps=ten", "steps"),
    ("--config.steps=-1", "steps"),
    ("--config.steps=1.5", "steps"),
    ("--config.steps=", "steps"),
    ("--config.steps=nan", "steps"),
    ("--config.batch_size=0", "batch_size"),
    ("--config.batch_size=-8", "batch_size"),
    ("--config.batch_size=inf", "batch_size"),
    ("--config.batchsize=8", "batch_size"),
    ("--config.seed=-1", "seed"),
    ("--config.seed=abc", "seed"),
    ("--config.data.name=ring9", "ring8"),
    ("--config.data.name=", "data.name"),
    ("--config.data.name=mnist --config.data.dir=/nowhere", "/nowhere"),
    ("--config.data.limit=-1", "data.limit"),
    ("--config.data.feed=streamd", "streamed"),
    ("--config.data.colour=red", "data"),
    ("--config.latents.size=0", "latents.size"),
    ("--config.latents.size=-4", "latents.size"),
    ("--config.latents.name=gauss", "latents.name"),
    ("--config.loss.name=hing", "hinge"),
    ("--config.loss.name=Hinge", "hinge"),
    ("--config.loss=hinge", "loss"),
    ("--config.game=gann", "gan"),
    ("--config.game=", "game"),
    ("--config.networks.generator.name=mpl", "mlp"),
    ("--config.networks.generator.widths=a", "widths"),
    ("--config.networks.generator.widths=0", "widths"),
    ("--config.networks.generator.widths=-16", "widths"),
    ("--config.networks.generator.depth=3", "generator"),
    ("--config.networks.genrator.widths=16", "generator"),
    ("--config.networks.generator.normalization=bach", "batch"),
    ("--config.networks.generator.activation=rleu", "relu"),
    ("--config.optimizers.generator.name=adma", "adam"),
    ("--config.optimizers.generator.learning_rate=-1", "learning_rate"),
    ("--config.optimizers.generator.learning_rate=fast", "learning_rate"),
    ("--config.optimizers.generator.learning_rate=nan", "learning_rate"),
    ("--config.optimizers.generator.lr=1", "generator"),
    ("--config.optimizers.generator.b1=1", "b1"),
    ("--config.optimizers.generator.b1=-0.1", "b1"),
    ("--config.optimizers.generator.b2=2", "b2"),
    ("--config.ema.decay=2", "decay"),
    ("--config.ema.decay=-1", "decay"),
    ("--config.emma.decay=0.9", "ema"),
    ("--config.log.every=0", "log.every"),
    ("--config.log.every=-10", "log.every"),
    ("--config.log.evry=10", "every"),
    ("--config.checkpoint.every=-1", "checkpoint.every"),
    ("--config.checkpoint.keep=0", "checkpoint.keep"),
    ("--config.checkpoint.best=fdi", "checkpoint.best"),
    ("--config.samples.count=-1", "samples.count"),
    ("--config.samples.every=-1", "samples.every"),
    ("--config.evaluation.names=mode", "modes"),
    ("--config.evaluation.names=modes,fretchet", "frechet"),
    ("--config.evaluation.samples=-5", "evaluation.samples"),
    ("--config.evaluation.samples=0", "evaluation.samples"),
    ("--config.evaluation.extractor=inceptoin", "inception"),
    ("--config.evaluation.every=-1", "evaluation.every"),
    ("--config.parallel.inner_steps=0", "inner_steps"),
    ("--config.parallel.inner_steps=7", "inner_steps"),
    ("--config.parallel.devices=64", "devices"),
    ("--config.parallel.devices=-1", "devices"),
    ("--config.precision=float8", "precision"),
    ("--config.precision=double", "precision"),
    ("--config.dynamics.name=unroled", "unrolled"),
    ("--config.regularizers.r1.weight=-1", "weight"),
    ("--config.regularizers.r9.weight=1", "r1"),
    ("--config.augmentation.names=flipp", "augmentation"),
    ("--config.packing=0", "packing"),
    ("--config.sampling.truncation=-1", "truncation"),
    ("--config.start.workdir=/nowhere", "start.workdir"),
    ("--config.start.networks=generator", "start"),
    ("--config.", "name of a field"),
    ("--config..steps=1", "field"),
    ("--config.steps", "steps"),
    ("--steps=10", "--steps"),
    ("--workdr=x", "--workdir"),
    ("--dry_rn", "--dry_run"),
    ("stray", "stray"),
    ("--processes=2", "--processes"),
    ("--process=1", "--process"),
    ("--workdir=", "--workdir"),
    ("--config=", "config"),
    ("--config=nowhere.py", "nowhere.py"),
    ("--config=ring9", "ring8"),
    ("--config=ring8:x", "argument"),
    ("--config=/", "folder"),
)
# Commands, as a whole.
OTHERS = (
    (("trian",), "train"),
    (("train",), "--workdir"),
    (("sample", "--workdir=nowhere"), "nowhere"),
    (("evaluate", "--workdir=nowhere"), "nowhere"),
    (("evaluate",), "--workdir"),
    (("report", "nowhere"), "nowhere"),
    (("report",), "report"),
    (("sweep", "--config=ring8", "--workdir=w"), "sweep"),
    (("reproduce", "pacgna"), "pacgan"),
    (("reproduce", "pacgan", "--scale=big"), "quick"),
    (("reproduce", "--al"), "--all"),
    (("score", "nowhere", "nowhere"), "nowhere"),
)


def mistake(place, folder, number, rng):
    """Make a mistake in the arguments of ganjax train."""
    wrong, word = TRAIN[number]
    done = place.run(*_arguments(place, folder, wrong), log=folder / "log.txt")
    line = done.one_line(2)
    must(word in line, f"{wrong}: the line does not name {word!r}: {line}")
    written = set(contents(folder)) - {"log.txt", "run/.lock"}
    must(not written, f"{wrong}: a refused call wrote {written}")
    return f"{wrong}: {line[:100]}"


def _arguments(place, folder, wrong):
    """Return arguments that are right but for the wrong ones."""
    right = [f"--config={place.config}", f"--workdir={folder / 'run'}"]
    flags = {x.partition("=")[0] for x in wrong.split()}
    right = [x for x in right if x.partition("=")[0] not in flags]
    return ["train", *right, *wrong.split()]


def soon(place, folder, number, rng):
    """Make a mistake in a new process, which imports ganjax. Other processes may take
    the cores, so the shortest of three tries counts."""
    wrong, word = TRAIN[number * len(TRAIN) // SOON]
    tries = []
    while not tries or (tries[-1] > LIMIT and len(tries) < 3):
        begin = time.monotonic()
        arguments = _arguments(place, folder, wrong)
        done = place.start(*arguments, log=folder / "train.txt").ended()
        tries.append(time.monotonic() - begin)
        (folder / "train.txt").unlink()
    line = done.one_line(2)
    must(word in line, f"{wrong}: the line does not name {word!r}: {line}")
    must(min(tries) <= LIMIT, f"{wrong}: the line came after {min(tries):.1f} s")
    return f"{wrong}: after {min(tries):.1f} s"


def of_commands(place, folder, number, rng):
    """Make a mistake in another command."""
    arguments, word = OTHERS[number]
    done = place.run(*arguments, log=folder / "log.txt")
    line = done.one_line(2)
    must(word in line, f"{arguments}: the line does not name {word!r}: {line}")
    must(set(contents(folder)) == {"log.txt"}, f"{arguments}: it wrote files")
    return f"{' '.join(arguments)}: {line[:100]}"


LINE = "one line with the field and a suggestion, exit code 2, no run is begun"
ROWS = (
    Row("mistake", "a wrong config or flag of ganjax train", LINE, len(TRAIN), mistake),
    Row(
        "mistake_soon",
        "a wrong config or flag, from the start of the process",
        f"the line comes within {LIMIT:g} s on quiet cores",
        SOON,
        soon,
    ),
    Row("command", "a wrong command", LINE, len(OTHERS), of_commands),
)
