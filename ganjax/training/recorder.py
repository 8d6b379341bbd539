"""What is written during training, and when: rows, checkpoints, scores, pictures."""

import contextlib
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from ganjax import signals
from ganjax.core import GameState, child_key, local_copy, member, state_digest
from ganjax.core.state import to_numpy
from ganjax.data.watchdog import saved_by, unsaved
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import Evaluation
from ganjax.evaluation.together import attempt
from ganjax.model import Model, sample_together
from ganjax.run_files import failed_evaluation
from ganjax.training.archive import Archive
from ganjax.training.best import BestStates
from ganjax.training.finite import non_finite
from ganjax.training.member import reason, reason_of_evaluator
from ganjax.training.plan import Plan
from ganjax.training.run_log import Diverged, RunLog, values_of


class RollBack(Exception):
    """A number is not finite, and the run goes back to its last checkpoint.
    ``__cause__`` is the ``Diverged`` error."""


# Runs whose finished models are in memory at a time.
AT_A_TIME = 32


class Recorder:
    """Writer of the records of all runs of a training; a context manager. The training
    loop calls it after each dispatch (one call of the compiled step).

    Args:
      archive: writes the records.
      seeds: place (index) of each run that is recorded -> its seed. The other runs have
        ended.
      model: builds the finished model of a state.
      evaluations: seed -> the ``Evaluation`` of a run.
      keys: typed PRNG keys ``[members]``. All randomness of a run comes from the key in
        its state, not from the config.
      samples: number of samples in a picture.
      start: the step at which training starts or resumes.
      unjudged: names of arrays that are not judged, from ``infinite_at_start``.
      goes_back: whether a number that is not finite raises ``RollBack``. Otherwise the
        run fails.
      skipped: place -> the number of skipped steps so far, if the step skips.
      explain: called with a step if a number was not finite at this step or before it.

    Attributes:
      live: places of the runs that still train and have not failed.
    """

    def __init__(
        self,
        archive: Archive,
        seeds: Mapping[int, int],
        *,
        model: Callable[[GameState], Model],
        evaluations: Callable[[int], Evaluation],
        keys: jax.Array,
        samples: int,
        plan: Plan,
        start: int,
        unjudged: Collection[str] = (),
        goes_back: bool = False,
        skipped: Mapping[int, int] | None = None,
        explain: Callable[[int], None] = lambda step: None,
    ):
        self.archive, self.live, self.plan = archive, list(seeds), plan
        self._seeds, self._keys = seeds, keys
        self._start, self._intact = start, True
        self._unjudged, self._goes_back = unjudged, goes_back
        self._skipped, self._explain = dict(skipped or {}), explain
        self._judged = -1  # the step of the newest state that was judged
        self._metrics: Mapping[str, jax.Array] = {}  # of the newest dispatch
        self._stopped = 0  # the signal that stopped an evaluation
        self._model, self._evaluations, self._samples = model, evaluations, samples
        best = plan.checkpoint.best
        some = evaluations(seeds[self.live[0]]) if best else None
        direction = some.direction(best) if some else None
        self._best = BestStates(archive, plan, direction, self.live)
        self._log = RunLog(
            archive,
            self.live,
            self._fail,
            self._note_skipped,
            steps=plan.steps,
            batch_size=plan.batch_size,
            start=start,
        )

    def __enter__(self) -> "Recorder":
        self._log.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._log.__exit__(*error)

    def after(
        self, step: int, state: GameState, metrics: Mapping[str, jax.Array]
    ) -> None:
        """Write what is due after a dispatch that ended at ``step``: a row of metrics,
        a checkpoint, scores, a picture. The checkpoint comes before the scores, so a
        failed evaluation loses no training.

        Args:
          state: of the run, or of all members.
          metrics: metrics of the dispatch, as arrays.

        A run fails if a metric is not finite in a logged row or at a checkpoint, or if
        its state is not finite at a checkpoint. The other runs continue.

        Raises:
          RollBack: instead of the failure, if the run goes back.
        """
        plan, self._metrics = self.plan, metrics
        with self._recording():
            if plan.due(plan.log.every, step):
                self._log.note(step, metrics)
            if plan.due(plan.checkpoint.every, step):
                self._save(step, state, metrics)
        self.show(step, state)

    def show(self, step: int, state: GameState) -> None:
        """Write the scores and the pictures that are due at ``step``, unless a stopped
        run has written them already. A signal stops an evaluation between two of its
        parts. Then nothing of it is written, and the run does it when it resumes."""
        plan, archive = self.plan, self.archive
        if plan.due(plan.evaluation.every, step) and self.live:
            scored = self._evaluations(self._seeds[self.live[0]])
            if scored and not archive.scored(step, self.live):
                with self._recording():
                    self._log.settle()
                    # A process that dies in an evaluation must not lose the checkpoint.
                    archive.settle()
                    self._judge(step, state)
                if self.live:
                    try:
                        # Evaluators may read data.
                        with self.waiting(step, state, self._metrics):
                            found = self._evaluated(step, state)
                    except signals.Stopped as stop:
                        self._stopped = stop.number
                        return
                    self._keep(step, state, found)
        if plan.due(plan.samples.every, step) and self.live:
            if not archive.pictured(step):
                archive.samples(step, dict(self._pictured(state)))

    @contextlib.contextmanager
    def _recording(self):
        """Note whether the block ends without an error. If it does not, rows may be
        lost, and no checkpoint may follow them."""
        self._intact = False
        yield
        self._intact = True

    def _judge(self, step, state):
        """Let the live runs fail whose state holds nan or an infinity."""
        if step == self._judged:
            return
        self._judged = step
        whole, together = self._whole(state), self.plan.population is not None
        found = non_finite(whole, together, self.live, self._unjudged)
        for place, (name, value) in found.items():
            self._fail(place, Diverged(step, name, value))

    def _evaluated(self, step, state) -> dict[int, dict[str, Any]]:
        """Return the scores of the live runs, place -> content of their files."""
        found = {}
        for first in range(0, len(self.live), AT_A_TIME):
            places = self.live[first : first + AT_A_TIME]
            models = {place: self._model(self._own(state, place)) for place in places}
            results = attempt(
                self._evaluations, self._seeds, models, self.plan.population
            )
            for place, evaluation, (scores, errors) in results:
                directions = {name: evaluation.direction(name) for name in scores}
                found[place] = {
                    "scores": scores,
                    "directions": {k: v for k, v in directions.items() if v},
                    "protocol": evaluation.protocol(step),
                }
                if errors:
                    why = {name: reason_of_evaluator(x) for name, x in errors.items()}
                    found[place]["failed"] = why
                    self._say(step, errors)
        return {place: found[place] for place in self.live}

    def _keep(self, step, state, found):
        """Write the scores of a step, and the states that are the best ones now."""
        scores = {place: one["scores"] for place, one in found.items()}
        self.archive.score_rows(step, scores)
        self._best.offer(step, scores, self._whole(state))
        self.archive.scores(step, found)

    def _say(self, step, errors):
        for name, error in errors.items():
            line = failed_evaluation(step, name, reason_of_evaluator(error))
            self.archive.say(f"{line}; training continues")
            if not isinstance(error, BadInput | Uncomputable):
                text = "".join(traceback.format_exception(error))
                self.archive.say(text.rstrip())

    def _pictured(self, state) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the place of each live run, and its samples of fixed latents."""
        way = self.plan.population
        for first in range(0, len(self.live), AT_A_TIME):
            places = self.live[first : first + AT_A_TIME]
            models = [self._model(self._own(state, place)) for place in places]
            keys = [child_key(self._keys[place], "samples") for place in places]
            made = sample_together(models, keys, self._samples, way)
            yield from zip(places, made, strict=True)

    def _save(self, step, state, metrics):
        # Write the rows first, so that a checkpoint never exists without its rows.
        self._log.settle()
        # An interrupted run goes back if, and only if, it would without interruption.
        if not self._goes_back or self.plan.due(self.plan.checkpoint.every, step):
            self._log.check(step, values_of(metrics))
        if self.live:
            self._judge(step, state)
        if self.live:
            self.archive.flush()
            self.archive.save(step, self._whole(state), self.live)

    def rescue(
        self, step: int, state: GameState, metrics: Mapping[str, jax.Array]
    ) -> None:
        """Write a checkpoint after an error, so that no step is lost. Nothing is
        written if the state is not finite or is gone, if rows of metrics are lost, or
        if the error came from a checkpoint. No error is raised: the first one counts.

        Args:
          state, metrics: see ``after``.
        """
        gone = any(x.is_deleted() for x in jax.tree.leaves(state))
        self._explain = lambda step: None
        if self._intact and self.live and step > self._start and not gone:
            with contextlib.suppress(Exception):
                self._save(step, state, metrics)
                self.archive.settle()

    def unsaved(self) -> contextlib.AbstractContextManager:
        """Return a context in which a read that takes too long ends the process only
        inside ``waiting``."""
        return unsaved()

    def waiting(
        self, step: int, state: GameState, metrics: Mapping[str, jax.Array]
    ) -> contextlib.AbstractContextManager:
        """Return a context in which the main thread waits for data. If a read takes too
        long in it, the state is saved before the process ends, and the status is
        ``failed``, or ``interrupted`` after a signal.

        Args:
          state, metrics: see ``after``.
        """

        def save(problem, signal):
            if signal:
                self._stopped = signal  # scores of the last step may be missing
                # The run goes back when it resumes: it computes the number again.
                with contextlib.suppress(RollBack):
                    self.end(step, state, metrics, signal)
            else:
                self.rescue(step, state, metrics)
                self.archive.fail_all(step, problem)

        return saved_by(save)

    def end(
        self,
        step: int,
        state: GameState,
        metrics: Mapping[str, jax.Array],
        signal: int,
    ) -> None:
        """Write the last checkpoint and the final status.

        Args:
          state, metrics: see ``after``.
          signal: number of the signal that stopped training; 0 or less if there was
            none.
        """
        with self._recording():
            self._save(step, state, metrics)
            self.archive.settle()
        if not self.live:
            return
        digests, signal = self._digests(state), signal or self._stopped
        finished = step >= self.plan.steps and not self._stopped
        self.archive.end(
            "finished" if finished else "interrupted",
            step,
            f"signal {signal}" if signal > 0 else "all steps done",
            digests,
            {k: n for k, n in self._skipped.items() if k in digests and n},
        )

    def _digests(self, state):
        whole = to_numpy(self._whole(state))
        if not self.plan.population:
            return {0: state_digest(whole)}
        rows, step = whole.replace(step=None), whole.step
        return {
            place: state_digest(
                jax.tree.map(lambda x, i=place: x[i], rows).replace(step=step)
            )
            for place in self.live
        }

    def _whole(self, state):
        """Return the state on this process."""
        return local_copy(state) if jax.process_count() > 1 else state

    def _own(self, state, place):
        """Return the state of one run."""
        whole = self._whole(state)
        return member(whole, place) if self.plan.population else whole

    def _fail(self, place, error):
        if self._goes_back:
            self._explain(error.step)
            raise RollBack from error
        self.live.remove(place)
        self.archive.fail(place, error.step, reason(error), diverged=True)
        self._explain(error.step)

    def _note_skipped(self, step, counts):
        before = sum(self._skipped.values())
        self._skipped = {place: int(counts[place]) for place in self.live}
        if not before and any(self._skipped.values()):
            self.archive.say(
                f"by step {step} a step was skipped, because its result was not finite"
            )
            self._explain(step)
