"""XLA knows the compiler options of a step on a GPU. XLA on a CPU checks them too."""

import jax
import pytest

from ganjax.core.parallel import ONE_GRAPH


def test_options_of_one_graph_are_known():
    def double(options):
        return jax.jit(lambda x: 2 * x, compiler_options=options)(3.0)

    assert double(ONE_GRAPH) == 6
    with pytest.raises(Exception, match="CONVOLUTIONS"):
        double({"xla_gpu_enable_command_buffer": "CONVOLUTIONS"})
