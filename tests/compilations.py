"""What JAX compiles while something runs."""

import contextlib

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"
_listening: list[list] = []


def _note(event, duration, **details):
    if event == _EVENT:
        for seen in _listening:
            seen.append(details.get("fun_name", ""))


jax.monitoring.register_event_duration_secs_listener(_note)


@contextlib.contextmanager
def count_compilations():
    """A list that grows by the name of each program compiled (or taken from the
    persistent cache) inside the block."""
    seen = []
    _listening.append(seen)
    try:
        yield seen
    finally:
        _listening.remove(seen)
