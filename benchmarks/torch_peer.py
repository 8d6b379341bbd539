"""The torch program that equals ganjax's program, for a comparison of speed.

Networks, losses, optimizer, data and parameter average are the same. The program has
several forms, such as eager and compiled. They are timed first, and the fastest form is
the peer.
"""

import atexit
import contextlib
import dataclasses
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.agreement import Disagreement
from benchmarks.torch_networks import converted, load, networks

EMA_DECAY = 0.999


@dataclasses.dataclass(frozen=True)
class Form:
    """A way to run the program.

    Attributes:
      compiler: ``None`` for eager, else a mode of ``torch.compile``.
      channels_last: whether images and weights of convolutions have this memory format.
      joined: whether the discriminator sees real and fake samples in one pass.
      captured: whether a step (both players and the average) is one CUDA graph.
    """

    compiler: str | None
    channels_last: bool
    joined: bool
    captured: bool = False

    def __str__(self) -> str:
        return ", ".join(
            [
                "eager" if self.compiler is None else f"compiled ({self.compiler})",
                "channels last" if self.channels_last else "contiguous",
                "one pass" if self.joined else "two passes",
            ]
            + ["a CUDA graph a step"] * self.captured
        )


EAGER = [
    Form(None, *choice) for choice in itertools.product((False, True), (True, False))
]


def compiled_forms(device: str, eager: Form) -> list[Form]:
    """Return the forms to try after the eager ones.

    On a CPU these are all layouts, compiled. On a GPU each form takes a minute to
    compile, so only the layout of ``eager`` is tried.

    Args:
      device: ``'cpu'`` or ``'cuda'``.
      eager: the fastest eager form.
    """
    if device == "cpu":
        return [dataclasses.replace(form, compiler="default") for form in EAGER]
    return [
        dataclasses.replace(eager, compiler=compiler, captured=captured)
        for compiler, captured in (
            (None, True),
            ("default", False),
            ("default", True),
            ("reduce-overhead", False),
        )
    ]


def device() -> str:
    """Set up torch and return its device: ``'cuda'`` if there is a GPU, else ``'cpu'``.

    On a CPU torch uses all cores.
    """
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    # Like JAX on a GPU: TF32 for products in single precision, and fastest algorithms.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    return "cuda" if torch.cuda.is_available() else "cpu"


def threads() -> str:
    """Return the number of threads and the device as text, for the record."""
    return f"{torch.get_num_threads()} threads on {device()}"


class Peer:
    """A torch training program in one form, with ganjax's initial state.

    Args:
      config: the config of the ganjax program (an image game of ``benchmarks.models``).
      state: the state of the ganjax program before the first step.
      pixels: uint8 ``[N, H, W, C]``, kept on the device.
      form: the form of the program.
    """

    units = 1

    def __init__(self, config, state, pixels: np.ndarray, form: Form):
        self.device = device()
        self.batch, self.latents = config.batch_size, config.latents.size
        network = config.networks.generator
        self.generator, self.discriminator = networks(
            network.name, network.width, self.latents
        )
        for name in ("generator", "discriminator"):
            load(getattr(self, name), state.params[name], state.variables[name])
        memory = torch.channels_last if form.channels_last else torch.contiguous_format
        for network in (self.generator, self.discriminator):
            network.to(self.device, memory_format=memory).train()
        # The data has the layout of the convolutions, so a batch needs no permutation.
        data = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        self.data = data.contiguous(memory_format=memory).to(self.device)
        self.order, self.place = torch.randperm(len(data), device=self.device), 0
        self.averages = [x.detach().clone() for x in self._averaged()]
        self.joined = form.joined
        half = config.precision == "bfloat16"
        self.cast = (
            torch.autocast(self.device, torch.bfloat16)
            if half
            else contextlib.nullcontext()
        )
        self.optimizers = {
            name: torch.optim.Adam(
                getattr(self, name).parameters(),
                lr=config.optimizers[name].learning_rate,
                betas=(config.optimizers[name].b1, config.optimizers[name].b2),
                fused=True,
                capturable=form.captured,
            )
            for name in ("discriminator", "generator")
        }
        losses = self.discriminator_loss, self.generator_loss
        if form.compiler is not None:
            losses = [torch.compile(x, mode=form.compiler) for x in losses]
        self.losses = losses
        self.captured, self.graph = form.captured, None

    def discriminator_loss(self, real, z):
        """Return softplus(−D(x)) + softplus(D(G(z))).

        The generator gets no gradient, and its running statistics do not change.
        """
        with self.cast:
            with torch.no_grad():
                fake = self.generator(z)
            if self.joined:
                logits = self.discriminator(torch.cat([real, fake]), keep=True)
                real_logits, fake_logits = logits.split(len(real))
            else:
                # As in ganjax, both passes use the same u, which is updated once.
                fake_logits = self.discriminator(fake)
                real_logits = self.discriminator(real, keep=True)
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()

    def generator_loss(self, z):
        """Return softplus(−D(G(z))) with a frozen discriminator."""
        with self.cast:
            logits = self.discriminator(self.generator(z, keep=True), frozen=True)
        return F.softplus(-logits).mean()

    def step(self) -> None:
        """Make one step on the next batch."""
        if not self.captured:
            self.advance(self._real())
            return
        if self.graph is None:
            self._capture()
        self.real.copy_(self._real())
        self.graph.replay()

    def advance(self, real) -> None:
        """Update the discriminator and the generator on ``real``, then the generator's
        averages."""
        discriminator_loss, generator_loss = self.losses
        loss = discriminator_loss(real, self._normal())
        self._descend("discriminator", loss)
        loss = generator_loss(self._normal())
        self._descend("generator", loss)
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self._averaged(), 1 - EMA_DECAY)

    def run(self, calls: int) -> None:
        """Make ``calls`` steps and wait for the last one."""
        for _ in range(calls):
            self.step()
        if self.device == "cuda":
            torch.cuda.synchronize()

    def _capture(self):
        """Capture a step as ``graph``, after three steps on another stream.

        torch requires these steps.
        """
        self.real = self._real()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.advance(self.real)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.advance(self.real)

    def _descend(self, name, loss):
        loss.backward()
        self.optimizers[name].step()
        # A CUDA graph must not start with gradients of the last step.
        self.optimizers[name].zero_grad(set_to_none=True)

    def _real(self):
        if self.place + self.batch > len(self.data):
            self.order = torch.randperm(len(self.data), device=self.device)
            self.place = 0
        rows = self.order[self.place : self.place + self.batch]
        self.place += self.batch
        return self.data.index_select(0, rows).float() / 127.5 - 1

    def _normal(self):
        return torch.randn(self.batch, self.latents, device=self.device)

    def _averaged(self):
        buffers = [x for x in self.generator.buffers() if x.is_floating_point()]
        return [*self.generator.parameters(), *buffers]


def first_step(peer: Peer, real: np.ndarray, z: np.ndarray):
    """Return the losses and gradients of the first step of the torch program that is
    timed.

    Args:
      peer: the program.
      real: float32 ``[n, H, W, C]`` in [-1, 1].
      z: float32 ``[n, latents]``.

    Returns:
      ``{player: (loss, {parameter: gradient})}``.
    """
    # The timed program can use TF32. The comparison does not.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    real = torch.tensor(real).permute(0, 3, 1, 2).to(peer.device)
    z = torch.tensor(z).to(peer.device)
    discriminator_loss, generator_loss = peer.losses
    found = {}
    # The discriminator comes last, because its pass changes the spectral vectors.
    for name, loss in (
        ("generator", lambda: generator_loss(z)),
        ("discriminator", lambda: discriminator_loss(real, z)),
    ):
        parameters = dict(getattr(peer, name).named_parameters())
        value = loss()
        gradients = torch.autograd.grad(value, list(parameters.values()))
        found[name] = (
            value.item(),
            {k: g.cpu().numpy() for k, g in zip(parameters, gradients, strict=True)},
        )
    return found


def forget() -> None:
    """Drop torch's compiled programs and its records of input shapes."""
    torch.compiler.reset()


def as_torch(peer: Peer, name: str, tree: dict) -> dict[str, np.ndarray]:
    """Return ganjax's gradients of a network with the peer's names and layouts.

    Args:
      peer: the torch program.
      name: ``'generator'`` or ``'discriminator'``.
      tree: ganjax's gradients.
    """
    return converted(getattr(peer, name), tree)


def fastest(make: Callable[[Form], Peer], seconds: float, quick: bool = False):
    """Find the fastest form of the torch program (eager or compiled, memory layout, one
    or two passes).

    Args:
      make: builds and checks the torch program of a form.
      seconds: how long each form is timed.
      quick: whether to try only one eager and one compiled form.

    Returns:
      ``(peer, form, {form: seconds per step, or the reason why it did not run})``.

    Raises:
      Disagreement: from ``make``, if the program does not equal ganjax's program. Any
        other error of ``make`` leaves out the form.
    """
    best, found = {}, {}  # best has one entry, because each peer holds the data
    # A killed run can leave half-written programs in the user's cache. A form that
    # reads one would fail and be missing from the comparison. So the cache is new.
    cache = tempfile.mkdtemp()
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
    atexit.register(shutil.rmtree, cache, ignore_errors=True)

    def attempt(form):
        forget()  # the limit of compiled programs counts for the whole process
        try:
            peer = make(form)
            found[form] = _seconds_a_step(peer, seconds)
        except Disagreement:
            raise
        except Exception as error:  # a missing compiler raises various errors
            found[form] = f"not run: {type(error).__name__}: {error}"[:200]
            return
        if not best or found[form] < min(found[other] for other in best):
            best.clear()
            best[form] = peer

    for form in EAGER[:1] if quick else EAGER:
        attempt(form)
    (eager,) = best
    for form in compiled_forms(device(), eager)[: 1 if quick else None]:
        attempt(form)
    ((form, peer),) = best.items()
    return peer, form, {str(form): took for form, took in found.items()}


def _seconds_a_step(peer, seconds):
    peer.run(3)  # compiles, and lets the allocator settle
    calls = 1 if peer.device == "cpu" else 20  # waiting for a GPU takes time
    steps, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < seconds or not steps:
        peer.run(calls)
        steps += calls
    return took / steps
