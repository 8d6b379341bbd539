"""The catalogue of choices, and the sizes of a config's game."""

import re

import pytest

from ganjax import catalogue
from ganjax.build import build
from ganjax.commands import describe
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.options import read
from ganjax.training import Plan
from ganjax.training.rehearsal import Rehearsal, disk

# A citation, or words that refer to the citation of the entry before.
CITED = re.compile(r"arXiv|same paper|The same")


@pytest.mark.parametrize("axis", catalogue.AXES)
def test_every_entry_has_a_line(axis):
    _, entries = catalogue.AXES[axis]
    for name, entry in entries.items():
        assert len(catalogue.line(entry)) > 3, name


@pytest.mark.parametrize(
    "axis", ["architectures", "losses", "penalties", "terms", "conditionings"]
)
def test_what_was_published_is_cited(axis):
    _, entries = catalogue.AXES[axis]
    for name, entry in entries.items():
        assert CITED.search(catalogue.line(entry)), name


MLP = {
    "data": {"name": "ring8"},
    "latents": {"size": 3},
    "batch_size": 32,
    "networks": {"generator": {"widths": (4,)}, "discriminator": {"widths": (5,)}},
    "optimizers": {
        "generator": {"name": "sgd", "b1": 0.0},
        "discriminator": {"name": "sgd", "b1": 0.0},
    },
}


def test_sizes_of_a_game_by_hand():
    """3 → 4 → 2 has 16 + 10 parameters and 12 + 8 multiply-adds. 2 → 5 → 1 has 15 + 6
    and 10 + 5. The matrix products give 4 + 2 and 5 + 1 numbers per sample."""
    config = resolve(MLP)
    game = build(config).game
    assert catalogue.parameters(game, "generator") == 26
    assert catalogue.parameters(game, "discriminator") == 21
    assert catalogue.flops(game, "generator") == 2 * 20
    assert catalogue.flops(game, "discriminator") == 2 * 15
    memory = catalogue.memory(config, game)
    assert memory["gradients"] == 4 * 26
    assert memory["activations"] == 4 * 32 * (6 + 6)
    # Parameters, the generator's average, momenta, the step, and a number per knob.
    numbers = 26 + 21 + 26 + 26 + 21 + 1 + len(build(config).knobs)
    assert memory["state"] == 4 * numbers


def test_the_command_lists_and_describes(capsys):
    assert describe.main([]) == 0
    listed = capsys.readouterr().out
    assert "losses  (config.loss.name)" in listed and "relativistic_pairing" in listed
    assert describe.main(["--axis=terms"]) == 0
    assert "config.loss.name" not in capsys.readouterr().out
    assert describe.main(["--axis=losses"]) == 0
    assert "\n" + 29 * " " + "as arXiv 1802.05957, eqs. 16" in capsys.readouterr().out
    assert describe.main(["--config=configs/dcgan_cifar10.py:tiny"]) == 0
    said = capsys.readouterr().out
    assert "parameters" in said and "generator        deep_conv" in said
    with pytest.raises(BadInput, match="--axis='loss'.*'losses'"):
        describe.main(["--axis=loss"])


def test_a_plan_needs_no_data(capsys):
    """The data of the config are missing. Images of 24×48×4 with 10 labels begin with
    6×12 pixels; by hand as in ``tests/networks/test_architectures.py``: z and label
    10 + 8, 6·12·8, 16·8·4, 16·4·4 + 4."""
    overrides = [
        "--config.data.name=cifar10", "--config.data.dir=/nowhere",
        "--config.game=conditional_gan", "--config.latents.size=8",
        "--config.conditioning.discriminator=projection",
    ]  # fmt: skip
    for network in ("generator", "discriminator"):
        overrides.append(f"--config.networks.{network}.name=dcgan")
        overrides.append(f"--config.networks.{network}.width=4")
    command = ["--config=tests/configs.py:gan", *overrides]
    assert describe.main([*command, "--shape=24,48,4", "--classes=10"]) == 0
    said = capsys.readouterr().out
    assert "data that are made up (24, 48, 4) with 10 classes" in said
    generator = 18 * 72 * 8 + 2 * 8 + 512 + 2 * 4 + 256 + 4
    (line,) = [x for x in said.splitlines() if x.startswith("generator")]
    assert line.split()[1:3] == ["dcgan", f"{generator:,}"]


@pytest.mark.parametrize(
    "game", ["cyclegan", "semi_supervised", "anogan", "text_to_image"]
)
def test_plans_of_other_games(capsys, game):
    """Pairs, partly known labels, one class and captions are made up too."""
    assert describe.main([f"--config=tests/configs.py:{game}", *PLAN[game]]) == 0
    assert "memory of a device" in capsys.readouterr().out


PLAN = {
    "cyclegan": ["--shape=2"],
    "semi_supervised": ["--shape=8,8,1", "--classes=10"],
    "anogan": ["--shape=8,12,3", "--classes=2"],
    "text_to_image": ["--shape=16,16,3"],
}


@pytest.mark.parametrize("drawn", [True, pytest.param(False, marks=pytest.mark.full)])
def test_a_measurement_counts_hours_memory_and_disk(capsys, tmp_path, drawn):
    """Of 1000 steps: 3 checkpoints, 1000/500 pictures and one of real samples, and
    1000/100 rows."""
    made_up = ["--shape=2", "--classes=8"] if drawn else []
    command = ["--config=tests/configs.py:gan", "--config.steps=1000", *made_up]
    assert describe.main([*command, "--measure"]) == 0
    said = capsys.readouterr().out
    assert "measured over 20 steps" in said and "hours for 1,000 steps" in said
    assert "disk" in said and "2 checkpoints of" in said
    assert "3 pictures (at most) of" in said and "10 rows of metrics" in said
    assert re.search(r"peak memory +[\d,.]+ MiB of this process", said)


def test_the_disk_of_a_whole_run_by_hand():
    done = Rehearsal(20, 1.0, 0.5, 0, state=1000, row=10)
    plan = read(Plan, resolve({**MLP, "steps": 2000, "samples": {"every": 600}}))
    left = disk(plan, done, (2,))
    # 3 checkpoints are kept; pictures at 600, 1200, 1800, 2000 and of real samples
    assert left.checkpoints == (3, 1000) and left.rows == (20, 10)
    assert left.pictures[0] == 5
    assert left.bytes == 3000 + 200 + 5 * left.pictures[1]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--shape=8,8,3"], "--shape: expected --config=FILE with it"),
        (["--measure"], "--measure: expected --config=FILE with it"),
        (["--config=ring8", "--classes=3"], "--classes=3: expected --shape=H,W,C with"),
        (
            ["--config=ring8", "--shape=8,8"],
            "--shape=8,8: expected H,W,C of images, or",
        ),
        (["--config=ring8", "--shape=8,x,3"], "--shape=8,x,3: expected H,W,C"),
        (["--config=ring8", "--shape=0"], "--shape=0: expected H,W,C"),
        (["--config=ring8", "--shape=2", "--classes=-1"], "--classes=-1: expected at"),
        (["--config=ring8", "--shape=2", "--fields"], "--shape: expected it without"),
        (
            ["--config=dcgan_cifar10:tiny", "--shape=50,50,3"],
            "networks.generator.name='deep_conv': .* not 50×50×3; nearest 48×48 or 56",
        ),
    ],
)
def test_what_describe_refuses(arguments, said):
    with pytest.raises(BadInput, match=said):
        describe.main(arguments)
