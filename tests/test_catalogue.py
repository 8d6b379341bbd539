"""The catalogue of choices, and the sizes of a config's game."""

import re

import pytest

from ganjax import catalogue
from ganjax.build import build
from ganjax.commands import describe
from ganjax.config import resolve
from ganjax.errors import BadInput

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
    assert "losses" not in capsys.readouterr().out
    assert describe.main(["--config=configs/dcgan_cifar10.py:tiny"]) == 0
    said = capsys.readouterr().out
    assert "parameters" in said and "generator        dcgan" in said
    with pytest.raises(BadInput, match="--axis='loss'.*'losses'"):
        describe.main(["--axis=loss"])
