"""Sines by their formula, and ItalyPowerDemand by facts of the archive."""

import importlib.util

import jax
import numpy as np
import pytest

from ganjax.data import open_source, record_of, samples, spec_of
from ganjax.data.natural_files import in_units
from ganjax.errors import BadInput

KEYS = jax.random.split(jax.random.key(0), 2000)
needs_aeon = pytest.mark.skipif(
    importlib.util.find_spec("aeon") is None, reason="needs the files of aeon"
)


def in_signs(source):
    """Sines in [-1, 1], float64, of series in [0, 1]."""
    found = np.asarray(samples(source.train, KEYS)["data"], np.float64)
    assert 0 <= found.min() and found.max() <= 1
    low, high = source.spec.form.ranges[0]
    return low + (high - low) * found


@pytest.mark.parametrize("frequencies", ["code", "paper"])
def test_each_variable_is_a_sine(frequencies):
    """A sampled sine has x_{t+1} + x_{t−1} = 2·cos(ω)·x_t, for each ω and phase. In
    double precision the largest angle, 2π·23 + π, is rounded by less than 1e-13."""
    source = open_source("sines", length=24, variables=3, frequencies=frequencies)
    assert source.spec.shape == (24, 3)
    with jax.enable_x64(True):
        x = in_signs(source)
    assert x.shape == (2000, 24, 3) and np.abs(x).max() <= 1
    middle, both = x[:, 1:-1], x[:, 2:] + x[:, :-2]
    factor = (both * middle).sum(1) / (middle**2).sum(1)
    np.testing.assert_allclose(both, factor[:, None] * middle, atol=1e-11)


def test_frequencies_and_phases_of_the_code():
    """ω and θ are uniform in [0, 0.1]: x_0 = sin θ, and the angle of x_1 is ω + θ. The
    mean of 6,000 uniform draws has the standard deviation 0.1/√(12·6000) = 0.00037."""
    x = in_signs(open_source("sines", variables=3))
    phase = np.arcsin(x[:, 0])
    frequency = np.arcsin(x[:, 1]) - phase
    for found in (phase, frequency):
        assert -1e-6 < found.min() < 0.001 and 0.099 < found.max() < 0.1 + 1e-6
        assert abs(found.mean() - 0.05) < 0.0015


def test_phases_of_the_paper_cover_the_circle():
    """x_0 = sin θ with θ uniform on the circle has the mean 0 and the variance ½."""
    x = in_signs(open_source("sines", variables=3, frequencies="paper"))
    assert abs(x[:, 0].mean()) < 0.04 and abs(x[:, 0].var() - 0.5) < 0.02


def test_variables_and_samples_are_independent():
    x = in_signs(open_source("sines", variables=2))[:, 0]
    assert abs(np.corrcoef(x.T)[0, 1]) < 0.09
    assert len(np.unique(x)) > 3900


def test_a_record_keeps_names_and_units():
    source = open_source("sines", variables=2)
    spec = spec_of(record_of(source))
    assert spec == source.spec and spec.form.names == ("sine 1", "sine 2")
    np.testing.assert_array_equal(
        in_units(np.array([[[0.0, 0.5]]]), spec.form), [[[0, 0.5]]]
    )
    paper = open_source("sines", variables=2, frequencies="paper").spec.form
    np.testing.assert_array_equal(
        in_units(np.array([[[0.0, 0.5]]]), paper), [[[-1, 0]]]
    )


def write(folder, part, lines):
    text = "# comment\n@problemName ItalyPowerDemand\n@data\n" + "\n".join(lines)
    (folder / f"ItalyPowerDemand_{part}.ts").write_text(text)


def day(first, kind):
    return ",".join(str(first + i) for i in range(24)) + f":{kind}"


def test_every_second_day_is_held_out(tmp_path):
    """Four days that start at 0, 10, 20 and 100; the training days are 0–23 and
    20–43."""
    write(tmp_path, "TRAIN", [day(0, 1), day(10, 2), day(20, 2)])
    write(tmp_path, "TEST", [day(100, 1)])
    source = open_source("italy_power_demand", str(tmp_path))
    assert source.train.data.shape == source.test.data.shape == (2, 24, 1)
    assert source.train.data.min() == 0 and source.train.data.max() == 1
    assert source.train.label.tolist() == [0, 1]
    assert source.test.label.tolist() == [1, 0]
    real = in_units(source.test.data, source.spec.form)
    np.testing.assert_allclose(real[:, 0, 0], [10, 100], rtol=1e-6)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "expected days after a line @data"),
        (["1,2:1"], "day 1: expected 24 numbers"),
        ([day(0, 1), day(0, 3)], "day 2: expected 24 numbers and the class 1 or 2"),
        ([day(0, 1).replace("5", "x", 1)], "day 1: could not convert"),
        ([day(0, 1).replace("5", "nan", 1)], "day 1: expected 24 numbers"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, lines, said):
    write(tmp_path, "TRAIN", lines)
    write(tmp_path, "TEST", [day(0, 1)])
    with pytest.raises(BadInput, match=said):
        open_source("italy_power_demand", str(tmp_path))


def test_a_missing_file_or_package_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="cannot be read"):
        open_source("italy_power_demand", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'ganjax\[series\]'"):
        open_source("italy_power_demand")


@needs_aeon
def test_the_days_of_the_archive():
    """67 and 1,029 days of 24 hours, half of them in each half of the year."""
    source = open_source("italy_power_demand")
    assert len(source.train) + len(source.test) == 67 + 1029
    assert source.spec.shape == (24, 1)
    label = np.concatenate([source.train.label, source.test.label])
    assert abs(label.mean() - 0.5) < 0.01
