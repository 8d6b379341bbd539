"""The table of evaluators and measures by name. A measure compares two sets of samples,
and makes an evaluator from the samples of a run."""

from ganjax.evaluation.captions import CaptionsScores
from ganjax.evaluation.classes import Classes
from ganjax.evaluation.classification import Classification
from ganjax.evaluation.compared import Measure
from ganjax.evaluation.copies import Copies
from ganjax.evaluation.critics import CriticScores
from ganjax.evaluation.filling import Filling
from ganjax.evaluation.imputation import Imputation
from ganjax.evaluation.inference import (
    Anomalies,
    Codes,
    Labels,
    LatentsScores,
    Reconstruction,
)
from ganjax.evaluation.inversion import Inversion
from ganjax.evaluation.likelihood import Likelihood
from ganjax.evaluation.measures import MEASURES
from ganjax.evaluation.modes import Modes
from ganjax.evaluation.molecules import Molecules
from ganjax.evaluation.newer_measures import NEWER_MEASURES
from ganjax.evaluation.parzen import Parzen
from ganjax.evaluation.paths import Interpolations, Paths
from ganjax.evaluation.pixels import Pixels
from ganjax.evaluation.sentences import Sentences
from ganjax.evaluation.series import Series
from ganjax.evaluation.style import Style
from ganjax.evaluation.tables import Tables
from ganjax.evaluation.translation import Restoration, Translation
from ganjax.names import Table

_EVALUATORS = (
    Modes, Pixels, Classes, Classification, Copies, CriticScores, Paths, Interpolations,
    Inversion, Parzen, Reconstruction, LatentsScores, Codes, Labels, Anomalies,
    Translation, Restoration, Likelihood, CaptionsScores, Filling, Style, Tables,
    Imputation, Molecules, Series, Sentences,
)  # fmt: skip


def _evaluates(found):
    return isinstance(found, type) and callable(getattr(found, "run", None))


# Each entry makes an evaluator from an ``EvaluationData``.
EVALUATORS = Table(
    "an evaluator's class or a Measure",
    {x.__name__.removesuffix("Scores").lower(): x for x in _EVALUATORS}
    | MEASURES
    | NEWER_MEASURES,
    of=Measure,
    takes=1,
    accepts=_evaluates,
)
