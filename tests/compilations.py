"""Record which programs JAX traces and compiles."""

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
    """Yield a list that receives the name of each program compiled inside the block.

    A program from the persistent cache counts as well. With ``event=TRACED`` the list
    receives the traced functions."""
    seen = []
    entry = (event, seen)
    _listening.append(entry)
    try:
        yield seen
    finally:
        _listening.remove(entry)
