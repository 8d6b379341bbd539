import json

from ganjax.report import read_sweep


def test_seeds_are_no_setting(tmp_path):
    """Two rates, each with two seeds that also choose the data: two cells of two."""
    points = [
        {"optimizers.generator.learning_rate": rate, "seed": seed, "data.subset": seed}
        for rate in ("0.1", "0.2")
        for seed in ("0", "1")
    ]
    trials = [{"id": str(i), "point": point} for i, point in enumerate(points)]
    (tmp_path / "sweep.json").write_text(json.dumps({"trials": trials}))
    records = read_sweep(tmp_path)
    assert {cell: [t.id for t in trials] for cell, trials in records.cells.items()} == {
        (("optimizers.generator.learning_rate", "0.1"),): ["0", "1"],
        (("optimizers.generator.learning_rate", "0.2"),): ["2", "3"],
    }
    assert list(records.axes) == ["optimizers.generator.learning_rate"]
