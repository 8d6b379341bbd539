"""Time series ``[T, D]`` with values in [0, 1]: random sines, and the daily power
demand of Italy."""

import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.forms import SERIES, Form
from ganjax.data.source import Arrays, Source, Spec
from ganjax.errors import BadInput
from ganjax.options import Option, configured

WAYS = ("code", "paper")
LENGTH = Option(24, "steps of a series", least=2)
VARIABLES = Option(5, "variables of a series", least=1)
WAY = Option("code", "frequencies as in TimeGAN's code or paper", choices=WAYS)
# Hours of a day, and the months of each class.
HOURS = 24
SEASONS = ("October to March", "April to September")


@configured(length=LENGTH, variables=VARIABLES, frequencies=WAY)
def open_sines(
    directory: str = "", length: int = 24, variables: int = 5, frequencies: str = "code"
) -> Source:
    """Open sines of TimeGAN (Yoon et al. 2019, section 5.1) with independent variables,
    drawn inside the step. Ignores ``directory``.

    Variable i at time t = 0, 1, … is sin(ω_i t + θ_i). ``frequencies`` says how ω and θ
    are drawn, because the paper and the authors' code differ:

    - ``'code'``: ω, θ ~ U[0, 0.1]. 24 steps are at most 0.38 of a period, so no sine is
      negative, and a series holds the sine itself.
    - ``'paper'``: ω = 2πη with η ~ U[0, 1] and θ ~ U[−π, π]. At whole times η and 1 − η
      give the same frequency. A series holds (1 + x) / 2 of a sine x.

    The authors train on 10,000 fixed series. The published scores belong to the code.
    Its scores are for (1 + x) / 2, which halves a predictive error; its networks see
    each variable scaled to [0, 1], as here.
    """

    low = -1.0 if frequencies == "paper" else 0.0

    def draw(key: jax.Array) -> dict[str, jax.Array]:
        of_frequency, of_phase = jax.random.split(key)
        frequency = jax.random.uniform(of_frequency, (1, variables))
        phase = jax.random.uniform(of_phase, (1, variables))
        if frequencies == "paper":
            frequency, phase = 2 * jnp.pi * frequency, jnp.pi * (2 * phase - 1)
        else:
            frequency, phase = frequency / 10, phase / 10
        time = jnp.arange(length, dtype=jnp.float32)[:, None]
        data = (jnp.sin(frequency * time + phase) - low) / (1 - low)
        return {"data": data, "label": jnp.int32(0)}

    names = tuple(f"sine {i}" for i in range(1, variables + 1))
    form = Form(SERIES, names, ranges=((low, 1.0),) * variables)
    spec = Spec("sines", (length, variables), form=form)
    sampler = jax.vmap(draw)
    return Source(spec, sampler, sampler, {"frequencies": frequencies})


def open_italy_power_demand(directory: str = "") -> Source:
    """Open ItalyPowerDemand of the UCR archive (Dau et al. 2019, arXiv 1810.07758):
    1,096 days of 24 hours, with the half of the year as label. aeon installs the files;
    its code is not imported.

    The archive trains on only 67 days, so both of its parts are joined. Every second
    day in the order of the files is held out. Values are scaled by the least and the
    largest training value to [0, 1].

    Args:
        directory: the folder of the files ``ItalyPowerDemand_TRAIN.ts`` and
            ``ItalyPowerDemand_TEST.ts``; if it is empty, aeon's.

    Raises:
        BadInput: aeon is not installed, or a file is missing or damaged.
    """
    folder = Path(directory).expanduser() if directory else _folder_of_aeon()
    names = (folder / f"ItalyPowerDemand_{part}.ts" for part in ("TRAIN", "TEST"))
    parts = [_read(name) for name in names]
    days, label = (np.concatenate(both) for both in zip(*parts, strict=True))
    train, low, high = days[::2], days[::2].min(), days[::2].max()
    scaled = ((days - low) / (high - low)).astype(np.float32)[..., None]
    form = Form(SERIES, ("demand",), ranges=((float(low), float(high)),))
    spec = Spec("italy_power_demand", (HOURS, 1), SEASONS, form=form)
    splits = (Arrays(scaled[i::2], label[i::2]) for i in range(2))
    return Source(spec, *splits, {"days": len(days), "training days": len(train)})


def _folder_of_aeon():
    found = importlib.util.find_spec("aeon")
    if found is None or not found.submodule_search_locations:
        raise BadInput(
            "data.name='italy_power_demand': needs the files of aeon, which is not "
            "installed (pip install 'ganjax[series]')"
        )
    places = found.submodule_search_locations
    return Path(places[0]) / "datasets" / "data" / "ItalyPowerDemand"


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the days ``[n, 24]`` and the labels ``[n]`` of a file in the format of
    aeon: after the line ``@data``, a line ``x1,…,x24:class`` for each day."""
    said = "data.name='italy_power_demand'"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{said}: {path} cannot be read ({error})") from error
    lines = [line.strip() for line in text.splitlines()]
    start = next((i for i, x in enumerate(lines) if x.lower() == "@data"), len(lines))
    days, label = [], []
    for line in filter(None, lines[start + 1 :]):
        values, _, kind = line.rpartition(":")
        try:
            day = [float(x) for x in values.split(",")]
            if (
                len(day) != HOURS
                or kind not in ("1", "2")
                or not np.isfinite(day).all()
            ):
                raise ValueError(f"expected {HOURS} numbers and the class 1 or 2")
        except ValueError as error:
            raise BadInput(f"{said}: {path}, day {len(days) + 1}: {error}") from error
        days.append(day)
        label.append(int(kind) - 1)
    if not days:
        raise BadInput(f"{said}: {path}: expected days after a line @data")
    return np.array(days), np.array(label, np.int32)
