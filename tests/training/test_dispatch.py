"""--dry_run traces what a run would compile, and it reads no batch."""

import jax
import numpy as np
import pytest

from ganjax.commands import train as script
from ganjax.core import split_batch
from ganjax.data import feeds
from ganjax.training import dispatch, trace
from tests import tiny


def setup(**overrides):
    return tiny.setup("relativistic", data__name="digits", **overrides)


@pytest.mark.parametrize("devices", [1, 2])
def test_traced_shapes_are_those_of_the_stream(devices):
    """The feed states the same shapes as two steps that are read and split."""
    built = setup(
        data__feed="streamed",
        parallel__devices=devices,
        parallel__inner_steps=2,
        optimizers__discriminator__updates_per_step=3,
    )
    with built.feed.stream(jax.random.key(0), 0) as batches:
        given = split_batch([next(batches), next(batches)], built.plan.devices)
    expected = {
        name: jax.ShapeDtypeStruct(x.shape, x.dtype) for name, x in given.items()
    }
    assert dispatch._dispatched_shapes(built.feed, built.plan) == expected
    # Three discriminator updates and one generator update that uses real images.
    assert expected["data"].shape == (devices, 2, 4, 8 // devices, 8, 8, 1)
    assert expected["data"].dtype == np.uint8


@pytest.mark.parametrize("carrier", ["pmap", "shard_map"])
@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("feed", ["streamed", "resident"])
def test_dry_run_traces_the_step_as_it_would_run(
    feed, devices, carrier, monkeypatch, capsys, tmp_path
):
    seen = []
    scaled = feeds.scaled

    def noted(data):
        if isinstance(data, jax.core.Tracer) and data.ndim > 2:  # not labels
            seen.append(data.shape)
        return scaled(data)

    def read(*arguments):
        raise AssertionError("a batch was read")

    monkeypatch.setattr(feeds, "scaled", noted)
    monkeypatch.setattr(feeds, "Stream", read)
    flags = [
        "--config=tests/configs.py:relativistic",
        f"--workdir={tmp_path / 'run'}",
        "--dry_run",
        "--config.data.name=digits",
        f"--config.data.feed={feed}",
        f"--config.parallel.devices={devices}",
        f"--config.parallel.carrier={carrier}",
    ]
    assert script.main(flags) == 0
    assert set(seen) == {(2, 8 // devices, 8, 8, 1)}
    assert "generator: " in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_a_step_that_cannot_be_traced_is_found():
    built = setup(data__feed="streamed")

    def objective(owned, view):
        raise ZeroDivisionError

    object.__setattr__(built.game.players[1], "objective", objective)
    with pytest.raises(ZeroDivisionError):
        trace(built.game, built.knobs, built.feed, built.plan)
