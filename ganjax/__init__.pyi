"""The public API."""

import pathlib
import typing

import ml_collections

from . import (
    config,
    core,
    data,
    evaluation,
    games,
    metrics,
    model,
    networks,
    objectives,
    projection,
    space,
)  # fmt: skip
from .build import Setup
from .config import resolve
from .core import (
    Game,
    GameState,
    Network,
    Player,
    Report,
    View,
    compile_step,
    init_state,
    make_train_step,
    split_batch,
    state_digest,
)  # fmt: skip
from .errors import BadInput, Uncomputable
from .loading import Run
from .metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    mode_coverage,
    moments,
    precision_recall,
    sliced_wasserstein,
    wasserstein_1d,
)  # fmt: skip
from .model import Model, Sampler, Sampling
from .options import Option, option

__version__: str
__all__ = [
    "BadInput", "Game", "GameState", "Model", "Network", "Option", "Player", "Report",
    "Run", "Sampler", "Sampling", "Setup", "Uncomputable", "View", "compile_step",
    "config", "core", "data", "density_coverage", "evaluation", "frechet_distance",
    "games", "inception_score", "init_state", "kernel_distance", "load",
    "make_train_step", "metrics", "mode_coverage", "model", "moments", "networks",
    "objectives", "option", "precision_recall", "project", "projection", "resolve",
    "score", "sliced_wasserstein", "space", "split_batch", "state_digest", "train",
    "wasserstein_1d",
]  # fmt: skip

def load(run: pathlib.Path | str, *, trust_code: bool = False) -> Run: ...
def project(
    run: Run | pathlib.Path | str,
    images: typing.Sequence[pathlib.Path | str],
    *,
    space: str = "",
    steps: int = 1000,
    features: str = "pixels",
    weights: str = "",
    resize: str = "",
    label: int | str | None = None,
    seed: int = 0,
    crop: str = "center",
    resample: str = "lanczos",
    trust_code: bool = False,
    say: typing.Callable[[str], None] = ...,
) -> projection.Projection: ...
def score(
    reference: pathlib.Path | str,
    samples: pathlib.Path | str | None = None,
    other: pathlib.Path | str | None = None,
    *,
    metrics: typing.Sequence[str] = (),
    extractor: str = "",
    weights: str = "",
    resize: str = "",
    n: int | None = None,
    seed: int | None = None,
    by_class: bool = False,
    resamples: int = 100,
    save_statistics: pathlib.Path | str = "",
    trust_code: bool = False,
) -> dict[str, typing.Any]: ...
def train(
    config: ml_collections.ConfigDict | typing.Mapping[str, typing.Any],
    workdir: pathlib.Path | str,
    *,
    allow_config_change: bool = False,
) -> Run: ...
