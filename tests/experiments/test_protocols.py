"""All trials of an experiment are valid configs, at every scale."""

import pytest

from experiments import EXPERIMENTS, experiment
from experiments.claims import SCALES
from ganjax.sweeps.trials import swept


class _Enough(Exception):
    pass


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_trial_is_a_config(name, scale, tmp_path, monkeypatch):
    module = experiment(name)
    if not hasattr(module, "trained"):
        pytest.skip("it trains no configs")

    def trained(config, space, out, **how):
        space = list(space)
        assert len(swept(config, space)) == len(space)
        raise _Enough

    monkeypatch.setattr(module, "trained", trained)
    with pytest.raises(_Enough):
        module.run(scale, 0, tmp_path)
