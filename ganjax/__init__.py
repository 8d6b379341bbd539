"""ganjax: GAN research in JAX.

    run = ganjax.train(config, "runs/mine")      # or ganjax.load("runs/mine")
    images = run.sample(key=0, n=64)

``import ganjax`` starts no JAX backend. Names are imported when they are first used.
"""

import importlib

__version__ = "0.1.0"

_MODULES = {
    "build": "Setup",
    "config": "resolve",
    "core": "Game GameState Network Player Report View compile_step init_state "
    "make_train_step split_batch state_digest",
    "errors": "BadInput Uncomputable",
    "loading": "Run",
    "metrics": "density_coverage frechet_distance inception_score kernel_distance "
    "mode_coverage moments precision_recall sliced_wasserstein wasserstein_1d",
    "model": "Model Sampler Sampling",
    "options": "Option option",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = ["load", "train", *_HOME]


def __getattr__(name):
    if name in _HOME:
        return getattr(importlib.import_module(f"ganjax.{_HOME[name]}"), name)
    try:
        return importlib.import_module(f"ganjax.{name}")
    except ModuleNotFoundError as error:
        raise AttributeError(f"ganjax has no attribute '{name}'") from error


def __dir__():
    return sorted(__all__)


def load(run, *, trust_code=False):
    """Return the run in a folder, a ``ganjax.Run``.

    Args:
      run: the folder.
      trust_code: consent to run the code outside of ganjax that the run's config names.

    Raises:
      BadInput: if the folder holds no run of this format, or its config names code and
        ``trust_code`` is false.
    """
    from ganjax.loading import Run

    return Run(run, trust_code=trust_code)


def train(config, workdir, *, allow_config_change=False):
    """Train what a config describes, and return the run.

    The same call resumes an interrupted run and leaves a finished one alone.

    Args:
      config: a ConfigDict or a nested dict; what it does not state is the default.
      workdir: the folder of the run.
      allow_config_change: go on with a run that began with another config.

    Raises:
      BadInput: as ``scripts/train.py`` refuses it.
    """
    from ganjax.config import resolve
    from ganjax.launch import RunRequest, launch

    launch(
        RunRequest(resolve(config), workdir), allow_config_change=allow_config_change
    )
    return load(workdir, trust_code=True)
