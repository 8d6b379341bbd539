"""Training on the host: the loop, checkpoints, the run directory and its records."""

from ganjax.training.bundle import read_bundle
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.checkpoint_folders import finished_steps
from ganjax.training.dispatch import compiled_step, trace
from ganjax.training.environment import environment
from ganjax.training.history import data_facts, read_history
from ganjax.training.member import Member, reason
from ganjax.training.plan import Plan
from ganjax.training.population_archive import PopulationArchive
from ganjax.training.population_checkpoints import member_state, own_steps
from ganjax.training.population_directory import PopulationDirectory
from ganjax.training.run_archive import RunArchive
from ganjax.training.run_directory import RunDirectory
from ganjax.training.run_log import Diverged
from ganjax.training.trainer import Failed, train

__all__ = [
    "Checkpoints",
    "Diverged",
    "Failed",
    "Member",
    "Plan",
    "PopulationArchive",
    "PopulationDirectory",
    "RunArchive",
    "RunDirectory",
    "compiled_step",
    "data_facts",
    "environment",
    "finished_steps",
    "member_state",
    "own_steps",
    "read_bundle",
    "read_history",
    "reason",
    "trace",
    "train",
]
