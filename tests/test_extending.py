"""docs/extending.md does what it says."""

import re
import sys
import types
from pathlib import Path

import jax
import pytest

from ganjax import networks, schema
from ganjax.objectives import losses, terms
from tests.test_matrix import QUICK, moved_and_finite, step_of

TEXT = (Path(__file__).parents[1] / "docs" / "extending.md").read_text()
SHOWN = dict(re.findall(r"```python (\w+)\n(.*?)```", TEXT, re.DOTALL))
DIGITS = {"data": {"name": "digits"}, "batch_size": 8, "latents": {"size": 4}}
SMALL = {"generator": {"widths": (8,)}, "discriminator": {"widths": (8,)}}


def takes_a_step(stated):
    step, before, data = step_of({**DIGITS, **stated})
    after, metrics = jax.jit(step).lower(before, data).compile(QUICK)(before, data)
    moved_and_finite(before, after, metrics)
    return metrics


def test_everything_shown_is_run():
    assert set(SHOWN) == {"loss", "architecture", "term"}


def test_a_loss():
    exec(SHOWN["loss"], losses.__dict__)
    try:
        takes_a_step({"networks": SMALL, "loss": {"name": "exponential"}})
    finally:
        del losses.LOSSES["exponential"], losses.exponential


def test_an_architecture(monkeypatch):
    module = types.ModuleType("ganjax.networks.two_layers")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(SHOWN["architecture"], module.__dict__)
    monkeypatch.setitem(networks.ARCHITECTURES, "two_layers", module)
    both = {name: {"name": "two_layers", "width": 8} for name in SMALL}
    takes_a_step({"networks": both})
    takes_a_step(
        {
            "game": "conditional_gan",
            "networks": both,
            "conditioning": {"discriminator": "projection"},
        }
    )


def test_a_term(monkeypatch):
    exec(SHOWN["term"], terms.__dict__)
    monkeypatch.setattr(schema, "KNOBS", (*schema.KNOBS, "terms.quiet.weight"))
    try:
        metrics = takes_a_step({"networks": SMALL, "terms": {"quiet": {"weight": 0.1}}})
        real, fake = (
            metrics[f"discriminator/{side}_logit"] for side in ("real", "fake")
        )
        assert metrics["discriminator/quiet"] >= (real**2 + fake**2) / 2 - 1e-6
    finally:
        del terms.TERMS["quiet"], terms.quiet


@pytest.mark.parametrize("table", re.findall(r"`([\w.]+\.[A-Z]+)`", TEXT))
def test_tables_are_where_they_are_said_to_be(table):
    path, _, name = table.rpartition(".")
    module = __import__(f"ganjax.{path}", fromlist=[name])
    assert len(getattr(module, name)) > 0
