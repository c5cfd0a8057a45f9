"""Layers of other libraries, all run alike: made, given weights, run over sequences, differentiated.

Each runner has ``make(kind, shape, dtype)`` to a module (or its parameters), ``put(module, arrays)`` to give it the
weights that `save` wrote, and ``run(module, x, lengths, seeds)`` to a `Ran`. Sequences are (n_x, m, T) as here.
"""

import os
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

N_X, N_A, M, T = 3, 4, 2, 5
VERSIONS = {
    "torch": "2.13.0", "keras": "3.15.1", "jax": "0.10.2", "flax": "0.12.8", "equinox": "0.13.8", "haiku": "0.0.17",
}  # fmt: skip


def peer(name):
    """The library; the test is skipped where it is missing or of a version that was not looked at."""
    module = pytest.importorskip(name, reason=f"{name} is not installed")
    version = module.__version__.partition("+")[0]
    if version != VERSIONS[name]:
        pytest.skip(f"conventions are pinned to {name} {VERSIONS[name]}, and this is {version}")
    return module


@dataclass
class Ran:
    """What a library computed: outputs (n_a, m, T), final states by name, gradients by name, and that of x."""

    outputs: np.ndarray
    final: list
    gradients: dict
    dx: np.ndarray


@dataclass
class Seeds:
    """The adjoints that a loss gives to outputs and to final states."""

    outputs: np.ndarray
    final: list


def by_time(x):
    """(m, T, n) of (n, m, T)."""
    return np.ascontiguousarray(np.transpose(x, (1, 2, 0)))


def back(x):
    """(n, m, T) of (m, T, n)."""
    return np.transpose(np.asarray(x), (2, 0, 1))


class Torch:
    """torch.nn.RNN, LSTM and GRU, with several layers and both directions in one module."""

    library = "torch"
    kinds = ("RNN", "RNN relu", "LSTM", "LSTM projected", "GRU")
    shapes = ("one", "two", "both", "two both")
    lengths = True

    def make(self, kind, shape, dtype):
        torch = peer("torch")
        torch.manual_seed(1)
        options = {"RNN relu": {"nonlinearity": "relu"}, "LSTM projected": {"proj_size": 2}}.get(kind, {})
        make = getattr(torch.nn, kind.split()[0])
        return make(N_X, N_A, num_layers=2 if "two" in shape else 1, bidirectional="both" in shape,
                    dtype=getattr(torch, dtype), **options)  # fmt: skip

    def put(self, module, arrays):
        torch = peer("torch")
        module.load_state_dict({key: torch.tensor(value) for key, value in arrays.items()})
        return module

    def run(self, module, x, lengths, seeds):
        torch = peer("torch")
        given = torch.tensor(np.transpose(x, (2, 1, 0)).copy(), requires_grad=True)
        fed = given
        if lengths:
            fed = torch.nn.utils.rnn.pack_padded_sequence(given, torch.tensor(lengths), enforce_sorted=False)
        outputs, final = module(fed)
        if lengths:
            outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, total_length=x.shape[2])
        final = list(final) if isinstance(final, tuple) else [final]
        final = [each.transpose(1, 2) for each in final]  # each (layers and directions, n_a, m)
        total = (outputs * torch.tensor(np.transpose(seeds.outputs, (2, 1, 0)).copy())).sum()
        total = total + sum((f * torch.tensor(s)).sum() for f, s in zip(final, seeds.final))
        module.zero_grad()
        total.backward()
        gradients = {key: p.grad.numpy() for key, p in module.named_parameters()}
        return Ran(
            np.transpose(outputs.detach().numpy(), (2, 1, 0)), [f.detach().numpy() for f in final], gradients,
            np.transpose(given.grad.numpy(), (2, 1, 0)),
        )  # fmt: skip


def _within(path):
    """A weight's name in its layer; in a Bidirectional with its direction."""
    way = next((part.partition("_")[0] for part in path.split("/") if part.startswith(("forward_", "backward_"))), "")
    return f"{way}_layer/" * bool(way) + path.rpartition("/")[2]


class Keras:
    """Keras layers, by themselves, in a Bidirectional, or in a Sequential; on its torch backend."""

    library = "keras"
    kinds = ("RNN", "RNN relu", "RNN sigmoid", "LSTM", "LSTM hard", "GRU", "GRU before", "GRU hard")
    shapes = ("one", "two", "both", "two both")
    lengths = True

    def make(self, kind, shape, dtype):
        peer("torch")
        keras = peer("keras")
        keras.utils.set_random_seed(1)
        # Off TensorFlow, Keras rounds products of float64 to float32; its formulas are looked at without that.
        keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"

        def one(name):
            options = {"return_sequences": True, "return_state": True, "dtype": dtype, "name": name}
            if kind.startswith("RNN"):
                return keras.layers.SimpleRNN(N_A, activation=(kind.split() + ["tanh"])[1], **options)
            if "hard" in kind:
                options["recurrent_activation"] = "hard_sigmoid"
            if "LSTM" in kind:
                return keras.layers.LSTM(N_A, **options)
            return keras.layers.GRU(N_A, reset_after=kind != "GRU before", **options)

        layers = [one(f"layer_{n}") for n in range(2 if "two" in shape else 1)]
        if "both" in shape:
            layers = [keras.layers.Bidirectional(layer, dtype=dtype, name=f"of_{layer.name}") for layer in layers]
        n = N_X
        for layer in layers:
            layer.build((M, T, n))
            n = N_A * (2 if "both" in shape else 1)
            for w in layer.weights:
                w.assign(np.random.default_rng(2).standard_normal(w.shape) * 0.5)
        return layers

    def source(self, layers):
        if len(layers) == 1:
            return layers[0]
        return {layer.name: {_within(w.path): w.numpy() for w in layer.weights} for layer in layers}

    def put(self, layers, arrays):
        values = list(arrays.values())
        for layer in layers:
            layer.set_weights(values[: len(layer.weights)])
            values = values[len(layer.weights) :]
        return layers

    def run(self, layers, x, lengths, seeds):
        torch = peer("torch")
        given = torch.tensor(by_time(x), requires_grad=True)
        mask = torch.tensor(np.arange(x.shape[2]) < np.asarray(lengths)[:, None]) if lengths else None
        below, final = given, []
        for layer in layers:
            below, *states = layer(below, mask=mask)
            final.append(states)
        total = (below * torch.tensor(by_time(seeds.outputs))).sum()
        flat = self._ordered(final)
        total = total + sum((f * torch.tensor(s)).sum() for f, s in zip(flat, seeds.final))
        weights = [w.value for layer in layers for w in layer.weights]
        grads = torch.autograd.grad(total, [*weights, given], allow_unused=True)
        return Ran(back(below.detach()), [f.detach().numpy() for f in flat],
                   [g.numpy() for g in grads[:-1]], back(grads[-1]))  # fmt: skip

    def _ordered(self, final):
        """Final states as torch has them: for each kind of state all layers and directions, (n, n_a, m)."""
        torch = peer("torch")
        states = [s for layer in final for s in layer]
        each = 2 if "LSTM" in self.kind else 1
        return [torch.stack([s.T for s in states[k::each]]) for k in range(each)]


def tree(arrays):
    """A nested dict of names with slashes."""
    result = {}
    for name, array in arrays.items():
        *path, last = name.split("/")
        level = result
        for part in path:
            level = level.setdefault(part, {})
        level[last] = array
    return result


def flat(nested, path=()):
    """Names with slashes of a nested dict."""
    for key, value in nested.items():
        if hasattr(value, "items"):
            yield from flat(value, (*path, str(key)))
        else:
            yield "/".join((*path, str(key))), np.asarray(value)


class Jax:
    """What the libraries on JAX share: gradients of a function of parameters and x."""

    def run(self, made, x, lengths, seeds):
        jax = peer("jax")
        parameters, apply = made
        if not hasattr(self, "compiled"):  # once for the module as it was made and as it was given weights
            self.compiled = jax.jit(jax.grad(partial(self.total, apply, lengths), argnums=(0, 1), has_aux=True))
        weighted = by_time(seeds.outputs), seeds.final
        (dp, dx), (outputs, final) = self.compiled(parameters, jax.numpy.asarray(by_time(x)), weighted)
        return Ran(back(outputs), [np.asarray(f) for f in final], self.named(dp), back(dx))

    def total(self, apply, lengths, parameters, given, seeds):
        jnp = peer("jax").numpy
        outputs, final = apply(parameters, given, lengths)
        final = [jnp.stack([s.T for s in each]) for each in final]
        value = (outputs * seeds[0]).sum() + sum((f * s).sum() for f, s in zip(final, seeds[1]))
        return value, (outputs, final)

    def named(self, tree):
        return dict(flat(tree))

    def source(self, made):
        return made[0]

    def put(self, made, arrays):
        jax = peer("jax")
        return jax.tree_util.tree_map(jax.numpy.asarray, tree(arrays)), made[1]


def randomised(parameters, seed=3):
    """Random numbers in place of all parameters, biases too."""
    jax = peer("jax")
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(lambda a: jax.numpy.asarray(rng.standard_normal(a.shape) * 0.5, a.dtype), parameters)


def carried(carry, lstm):
    """A carry of Flax, (c, h) or h, as lists [h] and [c]."""
    return [carry[1], carry[0]] if lstm else [carry]


class Linen(Jax):
    """flax.linen.RNN over a cell, in Bidirectional and Sequential."""

    library = "flax.linen"
    kinds = ("RNN", "RNN relu", "LSTM", "OptimizedLSTM", "GRU")
    shapes = ("one", "two", "both")
    lengths = True

    def make(self, kind, shape, dtype):
        jax = peer("jax")
        peer("flax")
        jax.config.update("jax_enable_x64", True)
        from flax import linen

        def rnn():
            options = {"param_dtype": dtype}
            if kind.startswith("RNN"):
                relu = kind == "RNN relu"
                cell = linen.SimpleCell(N_A, activation_fn=jax.nn.relu if relu else jax.numpy.tanh, **options)
            else:
                cell = getattr(linen, kind + "Cell")(N_A, **options)
            return linen.RNN(cell, return_carry=True)

        lstm = "LSTM" in kind

        class Two(linen.Module):
            @linen.compact
            def __call__(self, x, seq_lengths=None):
                carry_0, x = rnn().copy(name="layers_0")(x, seq_lengths=seq_lengths)
                carry_1, x = rnn().copy(name="layers_1")(x, seq_lengths=seq_lengths)
                return (carry_0, carry_1), x

        module = {"one": rnn, "two": Two, "both": lambda: linen.Bidirectional(rnn(), rnn(), return_carry=True)}[shape]()
        x = jax.numpy.zeros((M, T, N_X), dtype)
        parameters = randomised(module.init(jax.random.PRNGKey(0), x)["params"])

        def apply(parameters, x, lengths):
            carry, outputs = module.apply(
                {"params": parameters}, x, seq_lengths=jax.numpy.asarray(lengths) if lengths else None
            )
            carries = [carry] if shape == "one" else list(carry)
            return outputs, [list(each) for each in zip(*(carried(c, lstm) for c in carries))]

        return parameters, apply


class Nnx(Jax):
    """flax.nnx.RNN over a cell, in Bidirectional."""

    library = "flax.nnx"
    kinds = ("RNN", "LSTM", "OptimizedLSTM", "GRU")
    shapes = ("one", "two", "both", "two both")
    lengths = True

    def make(self, kind, shape, dtype):
        jax = peer("jax")
        peer("flax")
        jax.config.update("jax_enable_x64", True)
        from flax import nnx

        rngs = nnx.Rngs(0)
        cell = {"RNN": "SimpleCell"}.get(kind, kind + "Cell")
        lstm = "LSTM" in kind

        def rnn(n_x):
            return nnx.RNN(getattr(nnx, cell)(n_x, N_A, rngs=rngs, dtype=dtype, param_dtype=dtype), return_carry=True)

        def both(n_x):
            return nnx.Bidirectional(rnn(n_x), rnn(n_x), return_carry=True)

        class Two(nnx.Module):
            def __init__(self):
                self.layers = nnx.List([both(N_X), both(2 * N_A)] if "both" in shape else [rnn(N_X), rnn(N_A)])

            def __call__(self, x, seq_lengths=None):
                carries = []
                for layer in self.layers:
                    carry, x = layer(x, seq_lengths=seq_lengths)
                    carries += list(carry) if "both" in shape else [carry]
                return carries, x

        make = {"one": lambda: rnn(N_X), "both": lambda: both(N_X)}
        graph, state, rest = nnx.split(make.get(shape, Two)(), nnx.Param, ...)
        pure = randomised(nnx.to_pure_dict(state))

        def module(parameters):
            nnx.replace_by_pure_dict(state, parameters)
            return nnx.merge(graph, state, rest, copy=True)

        self.module = module

        def apply(parameters, x, lengths):
            carry, outputs = module(parameters)(x, seq_lengths=jax.numpy.asarray(lengths) if lengths else None)
            carries = [carry] if shape == "one" else list(carry)
            return outputs, [list(each) for each in zip(*(carried(c, lstm) for c in carries))]

        return pure, apply

    def source(self, made):
        return self.module(made[0])

    def put(self, made, arrays):
        jax = peer("jax")

        def numbered(level):
            """Lists of layers are known by whole numbers."""
            return {int(k) if k.isdigit() else k: numbered(v) if isinstance(v, dict) else jax.numpy.asarray(v)
                    for k, v in level.items()}  # fmt: skip

        return numbered(tree(arrays)), made[1]


class Equinox(Jax):
    """Equinox cells, under a scan; the library has neither layers, directions nor lengths."""

    library = "equinox"
    kinds = ("LSTM", "GRU")
    shapes = ("one", "two")
    lengths = False

    def make(self, kind, shape, dtype):
        jax = peer("jax")
        eqx = peer("equinox")
        jax.config.update("jax_enable_x64", True)
        keys = jax.random.split(jax.random.PRNGKey(0), 2)
        sizes = [N_X, N_A][: 2 if shape == "two" else 1]
        cells = [getattr(eqx.nn, kind + "Cell")(n, N_A, key=k, dtype=getattr(jax.numpy, dtype))
                 for n, k in zip(sizes, keys)]  # fmt: skip
        lstm = kind == "LSTM"

        def over(cell, sequence):
            zeros = jax.numpy.zeros(N_A, sequence.dtype)

            def step(carry, x_t):
                carry = cell(x_t, carry)
                return carry, carry[0] if lstm else carry

            return jax.lax.scan(step, (zeros, zeros) if lstm else zeros, sequence)

        def apply(cells, x, lengths):
            carries = []
            for cell in cells:
                carry, x = jax.vmap(lambda sequence, cell=cell: over(cell, sequence))(x)
                carries.append(list(carry) if lstm else [carry])
            return x, [list(each) for each in zip(*carries)]

        return cells, apply

    def named(self, cells):
        names = ("weight_ih", "weight_hh", "bias", "bias_n")
        prefix = "layers/{n}/" if len(cells) > 1 else ""
        return {prefix.format(n=n) + key: np.asarray(getattr(cell, key))
                for n, cell in enumerate(cells) for key in names if hasattr(cell, key)}  # fmt: skip

    def source(self, made):
        cells = made[0]
        return cells[0] if len(cells) == 1 else {"layers": cells}

    def put(self, made, arrays):
        jax = peer("jax")
        eqx = peer("equinox")
        cells = []
        for n, cell in enumerate(made[0]):
            prefix = f"layers/{n}/" if len(made[0]) > 1 else ""
            mine = [k for k in ("weight_ih", "weight_hh", "bias", "bias_n") if hasattr(cell, k)]
            new = [jax.numpy.asarray(arrays[prefix + k]) for k in mine]
            cells.append(eqx.tree_at(lambda c, mine=mine: [getattr(c, k) for k in mine], cell, new))
        return cells, made[1]


class Haiku(Jax):
    """Haiku cores under hk.dynamic_unroll; DeepRNN for layers. It has neither directions nor lengths."""

    library = "haiku"
    kinds = ("RNN relu", "LSTM", "GRU before")
    shapes = ("one", "two")
    lengths = False

    def make(self, kind, shape, dtype):
        jax = peer("jax")
        hk = peer("haiku")
        jax.config.update("jax_enable_x64", True)
        lstm = kind == "LSTM"
        name = {"RNN relu": "VanillaRNN", "GRU before": "GRU"}.get(kind, kind)

        def forward(x):
            cores = [getattr(hk, name)(N_A) for _ in range(2 if shape == "two" else 1)]
            core = hk.DeepRNN(cores) if shape == "two" else cores[0]
            state = jax.tree_util.tree_map(lambda s: s.astype(x.dtype), core.initial_state(M))
            return hk.dynamic_unroll(core, x, state, time_major=False)

        transformed = hk.without_apply_rng(hk.transform(forward))
        parameters = randomised(transformed.init(jax.random.PRNGKey(0), jax.numpy.zeros((M, T, N_X), dtype)))

        def apply(parameters, x, lengths):
            outputs, final = transformed.apply(parameters, x)
            finals = list(final) if shape == "two" else [final]
            return outputs, [list(e) for e in zip(*([f.hidden, f.cell] if lstm else [f] for f in finals))]

        return parameters, apply

    def put(self, made, arrays):
        jax = peer("jax")
        nested = {}
        for name, array in arrays.items():
            module, _, parameter = name.rpartition("/")
            nested.setdefault(module, {})[parameter] = jax.numpy.asarray(array)
        return nested, made[1]


RUNNERS = {runner.library: runner for runner in (Torch, Keras, Linen, Nnx, Equinox, Haiku)}
