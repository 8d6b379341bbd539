"""Which layer imports which, read from the source. Imports only point downward."""

import ast
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ganjax"
FOLDERS = ("ganjax", "benchmarks", "scripts", "configs", "tests", "experiments")

# layer -> the other layers that it may import, in addition to the open layers.
MAY_IMPORT = {
    "errors": "",
    "options": "",
    "names": "",
    "signals": "",
    "json_shapes": "",
    "streams": "",
    "run_files": "",
    "population_files": "",
    "sweep_files": "",
    "core": "",
    "networks": "",
    "augment": "",
    "schedules": "",
    "optimizers": "",
    "averages": "",
    "latents": "",
    "masks": "",
    "data": "",
    "model": "core",
    "objectives": "augment networks",
    "metrics": "networks",
    "games": "core objectives networks latents masks augment model",
    "evaluation": "core data metrics model",
    "training": "core data evaluation failures metrics model",
    "report": "evaluation metrics",
    "config": "averages core data games latents model networks objectives optimizers "
    "schedules training",
    "build": "averages config core data evaluation games latents metrics model "
    "networks objectives optimizers schedules training",
    "runtime": "",
    "shipped": "",
    "parity": "",
    "failures": "",
    "command_line": "config failures runtime shipped",
    "unpacking": "data training",
    "loading": "build config core data evaluation model training unpacking",
    "scoring": "core data evaluation loading metrics model unpacking",
    "projection": "core data loading metrics model",
    "replay": "config core data loading training",
    "applying": "loading",
    "detection": "applying data evaluation loading metrics model",
    "upscaling": "applying data loading model",
    "completion": "applying core data loading model",
    "table_rows": "core data loading model",
    "privacy": "data loading schedules training",
    "catalogue": "augment config core data evaluation games latents masks networks "
    "objectives optimizers schedules",
    "gallery": "core data evaluation loading metrics model projection report training",
    "resumption": "config data loading schedules training",
    "launch": "build config data evaluation loading report resumption training "
    "unpacking",
    "space": "",
    "sweeps": "build command_line config core data launch loading report resumption "
    "runtime training unpacking",
    "commands": "build catalogue command_line completion config data detection "
    "failures gallery launch loading parity privacy projection replay report scoring "
    "shipped sweeps table_rows training unpacking upscaling",
    "__main__": "commands",
}
# Layers that every other layer may import.
OPEN = {
    "errors", "options", "names", "signals", "json_shapes", "streams", "run_files",
    "population_files", "sweep_files",
}  # fmt: skip
# Libraries that only one place may import.
ONLY_IN = {
    "tensorflow_datasets": lambda path: path.startswith("ganjax/data/"),
    "orbax": lambda path: path == "ganjax/training/checkpoint.py",
    "submitit": lambda path: path == "ganjax/sweeps/slurm.py",
    "torch": lambda path: path.startswith(
        ("benchmarks/torch_", "tests/parity/oracles/")
    ),
    "atheris": lambda path: path == "benchmarks/fuzz/child.py",
    "prdc": lambda path: path == "benchmarks/distances.py",
    "tensorflow": lambda path: False,
    "chex": lambda path: False,
    "clu": lambda path: False,
}
# All layers except the layers above the engine, which read configs.
BELOW_THE_CONFIG = set(MAY_IMPORT) - {
    "config",
    "build",
    "command_line",
    "runtime",
    "loading",
    "scoring",
    "applying",
    "detection",
    "upscaling",
    "completion",
    "table_rows",
    "privacy",
    "resumption",
    "launch",
    "sweeps",
}


def sources(*folders):
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(found)


def imported(path):
    """Yield the full absolute name of every module that a file imports."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def layers_imported(path):
    """Return the layers of ganjax that a file imports."""
    names = (name.split(".") for name in imported(path))
    return {parts[1] for parts in names if parts[0] == "ganjax" and len(parts) > 1}


def test_the_reader_of_imports_sees_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "ganjax/games/gan.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "import a.b, c as d\nfrom e import f, g\nfrom .h import i\nfrom ..j import k\n"
        "from .. import l\ndef later():\n    import m\n"
    )
    assert sorted(imported(path)) == [
        "a.b", "c", "e.f", "e.g", "ganjax.games.h.i", "ganjax.j.k", "ganjax.l", "m",
    ]  # fmt: skip


LAYERED = [path for path in sources("ganjax") if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", LAYERED, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downward(path):
    layer = layer_of(path)
    assert layer in MAY_IMPORT, "a new layer says in MAY_IMPORT what it may import"
    allowed = {layer, *OPEN, *MAY_IMPORT[layer].split()}
    assert layers_imported(path) <= allowed


def test_layers_have_no_cycle():
    graph = {}
    for path in LAYERED:
        layer = layer_of(path)
        graph.setdefault(layer, set()).update(layers_imported(path) - {layer})
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises on a cycle
    assert order.index("core") < order.index("games") < order.index("build")


def test_rules_have_no_cycle():
    graph = {layer: names.split() for layer, names in MAY_IMPORT.items()}
    assert set(graphlib.TopologicalSorter(graph).static_order()) == set(MAY_IMPORT)


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_place(library):
    found = {
        str(path.relative_to(ROOT))
        for path in sources(*(folder for folder in FOLDERS if folder != "tests"))
        if any(name.split(".")[0] == library for name in imported(path))
    }
    assert {path for path in found if not ONLY_IN[library](path)} == set()


def test_no_test_needs_tensorflow():
    for path in sources("tests"):
        assert not any(name.split(".")[0] == "tensorflow" for name in imported(path))


def test_only_the_top_reads_configs():
    for path in LAYERED:
        if any(name.split(".")[0] == "ml_collections" for name in imported(path)):
            assert layer_of(path) not in BELOW_THE_CONFIG, path


@pytest.mark.parametrize("path", sources("configs"), ids=lambda path: path.stem)
def test_configs_import_nothing_else(path):
    for name in imported(path):
        top = name.split(".")[0]
        assert top in ("ml_collections", "configs") or name.startswith("ganjax.space.")


def test_ganjax_imports_nothing_above_it():
    for path in sources("ganjax"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & {
            "benchmarks",
            "scripts",
            "configs",
            "tests",
            "experiments",
        }, path


def test_no_file_is_named_for_nothing():
    nothing = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [p for p in sources(*FOLDERS) if p.stem.lower() in nothing] == []


def test_no_file_knows_the_machine_it_was_written_on():
    places = "|".join(["/" + "root/", "/" + "work/", "/" + r"tmp/w\b"])
    # In a worktree .git is a file, and it is not part of the repository.
    files = [p for p in ROOT.iterdir() if p.is_file() and p.name != ".git"]
    for folder in (*FOLDERS, "docs", ".github"):
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    read = 0
    for path in files:
        if "__pycache__" in path.parts:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        read += 1
        assert not re.search(places, text), path
    assert read > len(LAYERED)


def test_the_engine_names_no_game_no_architecture_and_no_label():
    from ganjax.games import GAMES
    from ganjax.networks import ARCHITECTURES

    words = {*GAMES, *ARCHITECTURES, "label", "labels", "latent", "latents", "noise"}
    for path in sources("ganjax/core"):
        found = set(re.findall(r"[a-z]\w*", path.read_text().lower()))
        assert not found & words, path


# Each takes a second to import, and most commands use none of them.
SLOW = ("scipy.stats", "scipy.optimize", "sklearn", "matplotlib.figure")


def test_slow_libraries_are_imported_where_they_are_used():
    found = []
    for path in sources("ganjax"):
        if layer_of(path) == "gallery":
            continue  # it always draws
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                found += [(alias.name, path.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found += [(f"{node.module}.{x.name}", path.name) for x in node.names]
    slow = tuple(f"{name}." for name in SLOW)
    assert [x for x in found if f"{x[0]}.".startswith(slow)] == []
