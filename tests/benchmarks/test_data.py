"""The benchmark of data measures both stores."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.full
def test_the_benchmark_of_data_prints_its_record():
    flags = ["--count=40", "--size=16", "--seconds=0.1"]
    command = [sys.executable, "-m", "benchmarks.data", *flags]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    record = json.loads(done.stdout)
    for store in ("raw", "jpeg"):
        assert record[f"prepare_{store}"]["bytes"] > 0
        assert record[f"feed_{store}"]["images_per_second"] > 0
