"""The command that compares two revisions: which differences it finds."""

import copy
import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest

from ganjax.errors import BadInput

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "same_bits.py"
    spec = importlib.util.spec_from_file_location("same_bits", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def state(**params):
    return types.SimpleNamespace(
        params={"generator": params},
        variables={"generator": {}},
        ema={},
        optimizer={"generator": ({"mu": np.zeros(2)},)},
    )


KERNEL = np.array([[1.0, 2.0]], np.float32)


def test_a_digest_is_of_every_bit(script):
    before = script.digests(state(kernel=KERNEL))
    assert list(before) == [
        "['optimizer']['generator'][0]['mu']",
        "['params']['generator']['kernel']",
    ]
    one_ulp = np.array([[1.0, np.nextafter(np.float32(2), np.float32(3))]])
    for other in (
        one_ulp.astype(np.float32),
        KERNEL.astype(np.float64),
        KERNEL.reshape(2, 1),
        -0.0 * KERNEL,
    ):
        found = script.digests(state(kernel=other))
        assert [k for k in found if found[k] != before[k]] == [list(before)[1]]
    zeros = script.digests(state(kernel=0.0 * KERNEL))
    assert zeros != script.digests(state(kernel=-0.0 * KERNEL))


@pytest.fixture
def record():
    return {
        "leaves": {"['params']['a']": "12", "['params']['b']": "34"},
        "rows": [{"step": 100, "loss": 0.1}, {"step": 200, "loss": float("nan")}],
    }


def test_equal_records(script, record):
    assert script.first_difference(record, copy.deepcopy(record)) == ""


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda r: r["leaves"].pop("['params']['b']"), "['b']: 34 here, absent there"),
        (lambda r: r["leaves"].update(c="56"), "c: absent here, 56 there"),
        (lambda r: r["leaves"].update({"['params']['a']": "13"}), "12 here, 13 there"),
        (lambda r: r["rows"].pop(), "2 rows here, 1 there"),
        (
            lambda r: r["rows"][0].update(loss=0.1 + 2**-56),
            "row 0 (step 100), loss: 0.1 here, 0.10000000000000002 there",
        ),
        (lambda r: r["rows"][1].update(loss=0.0), "loss: nan here, 0.0 there"),
        (lambda r: r["rows"][1].update(new=1.0), "new: absent here, 1.0 there"),
    ],
)
def test_the_first_difference_is_named(script, record, change, said):
    other = copy.deepcopy(record)
    change(other)
    assert said in script.first_difference(record, other)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "--revision: expected a revision"),
        (["--revision=HEAD", "--runs=ring9"], "did you mean 'ring8'"),
    ],
)
def test_bad_input(script, arguments, said):
    with pytest.raises(BadInput, match=said):
        script.main(arguments)


def test_runs_are_configs_that_are_there(script):
    for config, _ in script.RUNS.values():
        assert (ROOT / "configs" / f"{config.partition(':')[0]}.py").exists()
