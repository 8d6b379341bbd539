"""The plan of a sweep: which trials run together, how, and on how many devices."""

import hashlib
import json
from collections.abc import Callable, Sequence

from ganjax.core import POPULATIONS
from ganjax.sweeps.carriers import Kind, chosen
from ganjax.sweeps.folder import Group, SweepFolder
from ganjax.sweeps.groups import grouped, runs_separately
from ganjax.sweeps.trials import SweptConfig

WAYS = ("auto", *POPULATIONS, "alone")
# Usable fraction of a device's memory. The rest is for samples and evaluation.
USABLE = 0.8
# Members of a population on a CPU. There a larger population is not faster per trial,
# but the process holds several copies of all states.
ON_CPU = 64


def plan(
    folder: SweepFolder,
    trials: Sequence[SweptConfig],
    *,
    population: str = "auto",
    accelerators: int = 0,
    memory: float | None = None,
    cores: Sequence[int] = (),
    say: Callable[[str], None] = print,
) -> list[Group]:
    """Divide the trials of a sweep into groups, and write the groups to plan.json.

    Each group runs in one process. Its trials share a compiled program, or run one
    after another. Groups that plan.json already has do not change, so a restarted sweep
    runs the same programs.

    Args:
      population: how the trials of a group run: ``'vmap'`` (as one batch), ``'map'``
        (in turn, inside one program), ``'serial'`` (in turn, called by the host),
        ``'alone'`` (as separate runs), or ``'auto'``, the rule of ``carriers``.
      accelerators: number of accelerators. If there are fewer groups than accelerators,
        the trials of a group are spread over several in equal shares, if possible.
      memory: bytes of a device, to replace the number that the device reports.
      cores: numbers of the CPU cores for a measurement; all cores if empty.
      say: receives lines for the user.

    Returns:
      All groups, old and new.

    Raises:
      BadInput: a measurement that is needed fails, for example for lack of memory.
    """
    groups = folder.groups
    known = {trial for group in groups for trial in group.trials}
    new = grouped([trial for trial in trials if trial.id not in known])
    together = [g for g in new if _joins(g, population)]
    singles = [[trial] for g in new if not _joins(g, population) for trial in g]
    carriers = folder.plan.get("carriers", {})
    kinds = [_kind(group[0].base) for group in together]
    counts = dict.fromkeys(kinds, 0)
    for kind, group in zip(kinds, together, strict=True):
        counts[kind] += len(group)
    parts, decided = [], set()
    # Only the largest group of each kind is measured.
    for group in sorted(together, key=len, reverse=True):
        name = _kind(group[0].base)
        stated = population not in ("auto", carriers.get(name, {}).get("population"))
        if name not in carriers or (stated and name not in decided):
            carriers[name] = chosen(
                folder,
                Kind(name, group, counts[name]),
                population=population,
                accelerators=accelerators,
                cores=cores,
                say=say,
            )
        decided.add(name)
        found = carriers[name]
        if found["population"] == "alone":
            singles += [[trial] for trial in group]
            continue
        shares = _split(group, found, memory, 0 if accelerators else ON_CPU)
        if len(shares) > 1:
            say(
                f"{len(group)} trials of {name} run as {len(shares)} populations of at "
                f"most {len(shares[0])}"
            )
        parts += [(share, found["population"]) for share in shares]
    order = {trial.id: i for i, trial in enumerate(trials)}
    parts += [(single, "alone") for single in singles]
    parts.sort(key=lambda part: order[part[0][0].id])
    width = _width(parts, accelerators)
    for part, way in parts:
        many = way in ("vmap", "map")
        groups.append(
            Group(
                name=f"group{len(groups):03}",
                trials=tuple(trial.id for trial in part),
                population=way,
                devices=width if many else 1,
            )
        )
    folder.write_plan(groups, carriers=carriers)
    return groups


def _joins(group, population):
    return (
        len(group) > 1 and population != "alone" and not runs_separately(group[0].base)
    )


def _kind(config) -> str:
    """Describe, for the user, what decides the speed and the size of a member."""
    networks = ", ".join(section.name for section in config.networks.values())
    sizes = json.dumps(config.networks.to_dict(), sort_keys=True)
    digest = hashlib.sha256(sizes.encode()).hexdigest()[:6]
    return (
        f"{config.game} of {networks} ({digest}) on {config.data.name}, "
        f"batch {config.batch_size}"
    )


def _split(group, found, memory, limit) -> list[list[SweptConfig]]:
    """Split a group into the fewest equal shares that each fit on a device, and have at
    most ``limit`` members (0: any number)."""
    free = USABLE * (memory or found["memory"]) - found["shared"]
    most = max(1, int(free / found["bytes"]))
    count = -(-len(group) // min(most, limit or most))
    size, more = divmod(len(group), count)
    ends = [size * i + min(i, more) for i in range(count + 1)]
    return [group[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def _width(parts, accelerators) -> int:
    """Return the devices per group. Their number divides every group's members."""
    sizes = [len(part) for part, way in parts if way in ("vmap", "map")]
    if not sizes:
        return 1
    most = max(1, accelerators // len(parts))
    return max(w for w in range(1, most + 1) if all(size % w == 0 for size in sizes))
