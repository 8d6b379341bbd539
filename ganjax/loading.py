"""Load a run from its folder."""

import copy
import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from PIL import Image

from ganjax import names
from ganjax.build import build_game
from ganjax.config import imports, knobs, resolve
from ganjax.core import Game, GameState, averaged, init_state
from ganjax.data import (
    RecordedSource,
    Source,
    labels_named,
    read_record,
    record_of,
    source_of,
    spec_differences,
    spec_of,
)
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import evaluation_of
from ganjax.model import Model, Sampler, Sampling
from ganjax.options import read
from ganjax.run_files import RunFiles
from ganjax.training import snapshot
from ganjax.training.natural_pictures import natural_picture
from ganjax.training.pictures import image_grid, scatter
from ganjax.unpacking import opened

# Fields of a config that name files. They may be relative to the folder in which the
# run was started, the entry ``folder`` of run.json.
FILE_FIELDS = ("data.dir", "evaluation.weights", "start.workdir")

# Fields of ``evaluation`` that only change training.
NOT_SCORED = ("evaluation.every",)


class Run:
    """A run loaded from its folder; it may still be running.

    Args:
      path: folder of the run. A trial of a sweep that was trained together with others
        is ``SWEEP/trials/ID``; this folder is written if it is missing.
      trust_code: whether to run code that the run's config names by import paths. Code
        that this process has already imported needs no consent.

    Attributes:
      path: folder of the run.
      files: paths and contents of the run's files.
      config: the complete config, with the defaults.
      sampling: truncation, batch statistics and classes of ``model``.

    Raises:
      BadInput: if the folder holds no run of this format, or if the config names code
        that is not trusted or has changed since the run.
    """

    def __init__(self, path: Path | str, trust_code: bool = False):
        self.path = opened(path)
        self.files = RunFiles(self.path)
        stated, record = self.files.read()
        if trust_code:  # refuse changed code before it runs
            self._refuse(names.altered(record["code"]["sources"]))
        with names.foreign(f"workdir={path}", trusted=trust_code):
            for folder in record["code"]["folders"] if trust_code else ():
                names.beside(folder)
            self.config: ConfigDict = resolve(stated)
        self._located = located(self.config, record.get("folder", ""))
        self.sampling = read(Sampling, self.config.sampling)
        self._refuse(changed_sources(record, self.config))

    def _refuse(self, changed):
        for path in changed:
            raise BadInput(
                f"workdir={self.path}: the source of {path} changed since the run; "
                f"ganjax train --allow_config_change resumes with the new source"
            )

    @functools.cached_property
    def source(self) -> Source:
        """The data set of the run. Its splits are opened when they are first used."""
        if (held := read_record(self.files.data)) is None:  # an older run
            return source_of(self._located.data)

        def opened():
            source = source_of(self._located.data)
            if changed := spec_differences(held, record_of(source)):
                raise BadInput(
                    f"workdir={self.path}: expected the data of this run, but they "
                    f"differ ({'; '.join(changed)})"
                )
            return source

        return RecordedSource(spec_of(held), opened)

    @functools.cached_property
    def _built(self):
        return build_game(self.config, self.source)

    @property
    def game(self) -> Game:
        """The game that the config describes."""
        return self._built[0]

    @property
    def sampler(self) -> Sampler:
        """The functions that make samples with the trained networks, and score them."""
        return self._built[1]

    @functools.cached_property
    def state(self) -> GameState:
        """The newest readable checkpoint.

        Raises:
          BadInput: if there are no readable checkpoints.
        """
        return self._restored(self.files.checkpoints)

    @functools.cached_property
    def best(self) -> GameState:
        """The checkpoint with the best value of the score ``checkpoint.best``.

        Raises:
          BadInput: if there is no such checkpoint, or ``checkpoint.best`` is empty.
        """
        if not self.config.checkpoint.best:
            raise BadInput(
                f"workdir={self.path}: expected a run that keeps its best checkpoint, "
                f"but checkpoint.best is empty"
            )
        return self._restored(self.files.best)

    @functools.cached_property
    def model(self) -> Model:
        """The finished model (with averaged networks) of the newest checkpoint."""
        return self.model_of(self.state)

    def sampled(
        self,
        overrides: Mapping[str, str],
        classes: Sequence[int | str] = (),
        captions: Sequence[str] = (),
    ) -> "Run":
        """Return a copy of this run whose ``model`` samples in another way.

        Args:
          overrides: field of ``sampling`` -> value as text, such as
            ``{"sampling.truncation": "0.7"}``.
          classes: the only classes to generate, by name or label; all if empty.
          captions: the only captions, which take turns; held-out ones if empty.

        Raises:
          BadInput: for a field outside ``sampling``, a wrong value, an unknown class or
            word, or classes or captions for a game that does not generate by them.
        """
        for path, text in overrides.items():
            if not path.startswith("sampling."):
                raise BadInput(f"{path}={text}: expected a field of sampling")
        config = resolve(self.config.to_dict(), overrides)
        other = copy.copy(self)
        other.__dict__.pop("model", None)
        chosen = {"classes": self._labels(classes), "captions": self._tokens(captions)}
        other.sampling = dataclasses.replace(read(Sampling, config.sampling), **chosen)
        return other

    def _tokens(self, captions):
        """Return the tokens of captions that the run generates images of."""
        if not captions:
            return ()
        language = self.source.spec.captions
        if language is None or not self.sampler.captioned:
            raise BadInput(
                f"prompt='{captions[0]}': expected a game that generates by captions, "
                f"such as game='text_to_image', not game='{self.config.game}'"
            )
        return tuple(tuple(language.tokens(text).tolist()) for text in captions)

    def _labels(self, classes):
        """Return the labels of classes that the run generates by label."""
        if not classes:
            return ()
        if not self.sampler.classes:
            raise BadInput(
                f"classes={','.join(map(str, classes))}: expected a game that "
                f"generates by label, such as game='conditional_gan', not game="
                f"'{self.config.game}'"
            )
        return tuple(labels_named(self.source.spec, classes, "classes"))

    def model_of(self, state: GameState) -> Model:
        """Return the model of a state of this run, with its averaged networks."""
        return Model(self.game, self.sampler, state, self.sampling)

    def states(self) -> list[GameState]:
        """Return every readable checkpoint that the run keeps, oldest first."""
        return snapshot.every(self.files.checkpoints, self._reading())

    def _reading(self):
        """Return the function that reads the state in a checkpoint of this run."""
        key = jax.random.key(self.config.seed)
        fresh = init_state(self.game, key, knobs(self.config))
        return lambda checkpoints, step: checkpoints.read(step, fresh)

    def _restored(self, folder):
        state = snapshot.newest(folder, self._reading())
        if state is None:
            raise BadInput(
                f"workdir={self.path}: expected a checkpoint in {folder.name}, but "
                f"there is none yet"
            )
        return state

    def evaluate(
        self,
        names: Sequence[str] = (),
        overrides: Mapping[str, str] | None = None,
        *,
        best: bool = False,
        classes: Sequence[int | str] = (),
    ) -> dict[str, Any]:
        """Return scores of the newest checkpoint, and the settings that they depend on.

        Args:
          names: names of evaluators; by default the evaluators in the run's config.
          overrides: values, as text, for fields of ``evaluation`` and ``sampling``, and
            for ``seed``. Other fields cannot change a trained run.
          best: whether to score the best checkpoint and not the newest one.
          classes: the only classes to generate, and to compare with, by name or label;
            all if empty.

        Returns:
          ``{'scores': {name: value}, 'protocol': {field: value}}``. The protocol holds
          the settings. Scores are comparable if their protocols are equal except for
          ``step``, ``seed`` and ``ganjax``.

        Raises:
          BadInput: for a wrong name or value, or if there is no checkpoint.
        """
        overrides = dict(overrides or {})
        for path, text in overrides.items():
            section = path.partition(".")[0]
            if path in NOT_SCORED or section not in ("evaluation", "sampling", "seed"):
                raise BadInput(
                    f"{path}={text}: expected a field of evaluation or sampling, or "
                    f"seed; scores of a trained run do not depend on this field"
                )
        asked = {"evaluation.names": ",".join(names)} if names else {}
        config = resolve(self._located.to_dict(), {**overrides, **asked})
        scored = config.evaluation.names
        for path, text in overrides.items():
            if path.count(".") > 1 and (measure := path.split(".")[1]) not in scored:
                raise BadInput(
                    f"{path}={text}: expected {measure} among the evaluators, found "
                    f"{', '.join(scored) or 'none'}"
                )
        labels = tuple(sorted(self._labels(classes)))
        made = self.game, self.sampler, self.source
        evaluation = evaluation_of(config, *made, labels)
        state = self.best if best else self.state
        scores = evaluation.run(state)
        return {"scores": scores, "protocol": evaluation.protocol(int(state.step))}

    @property
    def metrics(self) -> list[dict[str, float]]:
        """The rows of metrics.jsonl, each with its ``step``."""
        return self.files.rows()

    def sample(self, key: jax.Array | int, n: int) -> np.ndarray:
        """Return ``n`` samples ``[n, …]`` of the model; images are in [-1, 1].

        Args:
          key: a typed PRNG key, or a seed for one.
        """
        return self.model.sample(key, n)

    def picture(self, key: jax.Array | int, n: int) -> Image.Image:
        """Return ``n`` samples as a grid of images, as a scatter of points, or as the
        picture of their form."""
        return picture_of(self.sample(key, n), self.source.spec.form)


def picture_of(samples: np.ndarray, form: Any = None) -> Image.Image:
    """Return samples ``[n, …]`` as a grid of images, as a scatter of points, or as the
    picture of their form (``Spec.form``), such as drawn molecules."""
    if form is not None:
        return natural_picture(samples, form)
    return image_grid(samples) if samples.ndim == 4 else scatter(samples)


def located(config: ConfigDict, folder: Path | str) -> ConfigDict:
    """Return the config with the relative paths in its fields ``FILE_FIELDS`` joined to
    ``folder``, so that they are not relative to the current folder."""
    folder, found = str(folder), config.copy_and_resolve_references()
    if folder in ("", os.getcwd()):
        return config
    for field in FILE_FIELDS:
        section, _, name = field.partition(".")
        path = config[section][name]
        with found.unlocked():
            found[section][name] = _beside(folder, path)
    return found


def _beside(folder, path):
    parts = path.split(",")  # data.dir may be TRAIN,TEST
    if len(parts) > 1 and not os.path.exists(os.path.join(folder, path)):
        return ",".join(_beside(folder, part.strip()) for part in parts)
    fixed = not path or path.startswith(("/", "~")) or "://" in path
    return path if fixed else os.path.join(folder, path)


def changed_sources(record: Mapping[str, Any], config: ConfigDict) -> list[str]:
    """Return the import paths in a config whose source file has changed since the run.

    Args:
      record: the content of the run's run.json, with the SHA-256 of each source file.
      config: the complete config.
    """
    known, found = record["code"]["sources"], names.sources(imports(config))
    both = [path for path in found if path in known]
    return [x for x in both if found[x]["sha256"] != known[x]["sha256"]]


def warm_start(config: ConfigDict) -> Callable[[GameState], GameState]:
    """Return a function of a fresh state. It returns a state whose networks start from
    the networks of another run.

    If that run keeps averages of a network, the averages are copied.

    Args:
      config: ``start.workdir`` is the folder of the other run; if it is empty, the
        function returns the fresh state. ``start.networks`` names the networks to copy;
        all if empty.

    Raises:
      BadInput: when the function is called: if there is no such run, if one of the runs
        lacks a network that is to be copied, or if its arrays have different shapes in
        the two runs.
    """
    if not config.start.workdir:
        return lambda state: state

    @functools.cache
    def other():
        try:
            run = Run(config.start.workdir)
        except BadInput as error:
            raise BadInput(f"start.workdir: {error}") from error
        return run.path, averaged(run.game, run.state)

    def start(state: GameState) -> GameState:
        path, given = other()
        params, variables, ema = (dict(x) for x in (state.params, state.variables,
                                                     state.ema))  # fmt: skip
        for name in config.start.networks or tuple(params):
            if name not in params:
                raise unknown("start.networks", name, params)
            if name not in given:
                raise unknown(f"start.workdir={path}: networks", name, given)
            own = {"params": params[name], **variables[name]}
            _check_alike(name, own, given[name], path)
            taken = jax.tree.map(jnp.copy, dict(given[name]))
            if name in ema:
                ema[name] = jax.tree.map(jnp.copy, taken)
            params[name] = taken.pop("params")
            variables[name] = taken
        return state.replace(params=params, variables=variables, ema=ema)

    return start


def _check_alike(network, own, given, path):
    def shapes(tree):
        leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
        return {jax.tree_util.keystr(path): leaf.shape for path, leaf in leaves}

    wanted, found = shapes(own), shapes(given)
    for leaf in sorted(wanted | found):
        if wanted.get(leaf) != found.get(leaf):
            raise BadInput(
                f"start.workdir={path}: expected networks.{network} of equal shapes; "
                f"{leaf} is {found.get(leaf, 'absent')} there and "
                f"{wanted.get(leaf, 'absent')} here"
            )
