"""What JAX traces and compiles while something runs."""

import contextlib

import jax

TRACED = "/jax/core/compile/jaxpr_trace_duration"
COMPILED = "/jax/core/compile/backend_compile_duration"
_listening: list[tuple[str, list]] = []


def _note(event, duration, **details):
    for kind, seen in _listening:
        if event == kind:
            seen.append(details.get("fun_name", ""))


jax.monitoring.register_event_duration_secs_listener(_note)


@contextlib.contextmanager
def count_compilations(event=COMPILED):
    """A list that grows by the name of each program compiled (or taken from the
    persistent cache) inside the block; traced with ``event=TRACED``."""
    seen = []
    entry = (event, seen)
    _listening.append(entry)
    try:
        yield seen
    finally:
        _listening.remove(entry)
