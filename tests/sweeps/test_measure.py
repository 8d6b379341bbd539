"""What a sweep measures before it plans."""

from ganjax.build import build
from ganjax.space import seeds
from ganjax.sweeps.measure import measure
from ganjax.sweeps.sweep import Sweep
from tests import tiny
from tests.compilations import count_compilations

GAME = {**tiny.GAMES["gan"], "data": {"name": "digits"}, "batch_size": 8}
GAME["networks"] = {
    name: {"name": "mlp", "widths": (8,)} for name in ("generator", "discriminator")
}


def test_no_compilation_is_measured(monkeypatch):
    """Otherwise the seconds of a step would include the compiler."""
    monkeypatch.setattr("ganjax.sweeps.measure.SECONDS", 0.05)
    configs = [trial.config for trial in Sweep(GAME, seeds(2)).trials]
    setup = build(configs[0])
    with count_compilations() as compiled:
        measure(setup, configs, "serial")
    assert len([name for name in compiled if "many" in name]) == 1
