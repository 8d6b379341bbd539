"""The program ``ganjax``: this package has one module for each of its commands."""

import contextlib
import importlib
import sys

import ganjax
from ganjax import signals
from ganjax.errors import unknown
from ganjax.failures import close_output, quiet_threads
from ganjax.streams import open_streams, show

# The first line of each command's docstring. Commands are imported when they run.
COMMANDS = {
    "train": "Train a config, or resume a run.",
    "sweep": "Run the trials of a sweep, and report.",
    "sample": "Draw samples or pictures of a run.",
    "project": "Find the latents of your own pictures.",
    "evaluate": "Score a run by its newest or its best checkpoint.",
    "score": "Score folders, archives, arrays or runs against reference samples.",
    "anomalies": "Find anomalous images by a run that has learned normal images.",
    "upscale": "Enlarge images by a run of super-resolution.",
    "privacy": "Print the privacy that a private run has spent.",
    "replay": "Reproduce a step that gave nan or an infinity.",
    "report": "Write the HTML report of a run or a sweep, or compare scores.",
    "reproduce": "Reproduce a figure or table of a paper, and judge its claims.",
    "describe": "List what a config can choose from, or describe a config.",
    "prepare": "Prepare your own images, or MNIST, Fashion-MNIST or CIFAR-10.",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments name.

    Args:
      arguments: the command and its arguments, by default ``sys.argv[1:]``.

    Returns:
      The exit code for help, the version, or an unknown command. If a command runs,
        this function does not return: the process exits with the command's exit code.
    """
    open_streams()
    quiet_threads()
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help"):
        _show(_help())
        return 0
    if name == "--version":
        _show(f"ganjax {ganjax.__version__}")
        return 0
    if name not in COMMANDS:
        show(f"error: {unknown('COMMAND', name, COMMANDS)}")
        return 2

    def command(arguments):
        return importlib.import_module(f"ganjax.commands.{name}").main(arguments)

    try:
        with signals.answered():
            from ganjax import command_line

            command_line.run(command, rest)
    except signals.Stopped as stop:  # during the imports
        return stop.code


def _show(text):
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    close_output()


def _help():
    lines = "\n".join(f"  {name:11}{line}" for name, line in COMMANDS.items())
    return f"""usage: ganjax COMMAND [ARGUMENTS]

GAN research in JAX.

{lines}

ganjax COMMAND --help describes a command. ganjax --version prints the version.
To begin: ganjax train --config=ring8 --workdir=runs/ring8"""
