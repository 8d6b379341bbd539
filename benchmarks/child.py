"""Work in a separate process, which has other flags, a separate peak of memory, or a
cold start.

A child builds one object and then answers calls of its methods. A call and its answer
are one line of JSON each. So children can be timed in turns.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Child:
    """The object ``module:name(**options)`` in another process, as a context manager.

    Args:
      target: ``module:name`` of the object's class or function.
      options: its keyword arguments, which JSON must be able to hold.
      environment: further environment variables.
    """

    def __init__(self, target: str, options: dict, environment: dict[str, str] = ()):
        inherited = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", target, json.dumps(options)],
            env={**inherited, "PYTHONPATH": path, **dict(environment)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if self._process.wait() and not _:
            raise RuntimeError(f"a child process ended with {self._process.returncode}")

    def ask(self, method: str, *arguments):
        """Return the result of ``method(*arguments)`` of the child's object.

        Raises:
          RuntimeError: if the child ends before it answers. Its traceback is on stderr.
        """
        try:
            self._process.stdin.write(json.dumps([method, *arguments]) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError("a child process failed; its traceback is above")
        return json.loads(answer)

    def run(self, calls: int):
        """Call ``run(calls)`` of the child's object. So a ``Contender`` can time the
        child."""
        return self.ask("run", calls)


def _answer(target: str, options: str) -> None:
    # Only answers go to the pipe. All other output goes to stderr.
    pipe, sys.stdout = sys.stdout, sys.stderr
    from ganjax import runtime

    runtime.prepare()
    module, name = target.split(":")
    made = getattr(importlib.import_module(module), name)(**json.loads(options))
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        print(json.dumps(getattr(made, method)(*arguments)), file=pipe, flush=True)


if __name__ == "__main__":
    _answer(*sys.argv[1:])
