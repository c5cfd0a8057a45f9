"""The command line: a thin face on public functions. The one file that may import everything.

Exit codes: 0 good, 1 a check failed, 2 bad use.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq import checkpoint
from autograd_seq.errors import AutogradError, UsageError

EXAMPLES = """\
print lstm --steps 3
print my_cell.py:loss --backward
draw gru --steps 4 -o gru.svg
draw lstm -o lstm.html
prove my_cell.py:loss
check my_lstm.py
check lstm --formula 'dc_prev = dc * Gamma_f'
derive lstm -o lstm.html
source gru -o gru_by_hand.py
compile lstm --explain
flow rnn --steps 20
train names.txt --cell gru --epochs 30 -o names.npz
sample names.npz --count 10 --temperature 0.8"""

THING = """
THING is a cell's name ({cells}),
or FILE.py:FUNCTION, a function without arguments that returns a tensor or a run."""


def _examples(command: str) -> str:
    """The examples of one command; of all for the empty word."""
    fitting = [line for line in EXAMPLES.splitlines() if line.startswith(command)]
    return "examples:\n" + "".join(f"  autograd-seq {line}\n" for line in fitting)


def cells_by_name() -> dict[str, Callable[[int, int], Any]]:
    """The project's cells and compositions, as the command line calls them."""
    from cells import GRU, LSTM, RNN, Bidirectional, Deep

    def both(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Bidirectional(cell(n_x, n_a, seed=0), cell(n_x, n_a, seed=1))

    def deep(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Deep([cell(n_x, n_a, seed=0), *(cell(n_a, n_a, seed=i) for i in (1, 2))])

    return {
        "rnn": lambda n_x, n_a: RNN(n_x, n_a, seed=0),
        "rnn-relu": lambda n_x, n_a: RNN(n_x, n_a, activation="relu", seed=0),
        "rnn-stacked": lambda n_x, n_a: RNN(n_x, n_a, stacked=True, seed=0),
        "gru": lambda n_x, n_a: GRU(n_x, n_a, seed=0),
        "gru-simplified": lambda n_x, n_a: GRU(n_x, n_a, full=False, seed=0),
        "gru-reset-after": lambda n_x, n_a: GRU(n_x, n_a, reset_after=True, seed=0),
        "lstm": lambda n_x, n_a: LSTM(n_x, n_a, seed=0),
        "peephole": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", seed=0),
        "peephole-current": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", output_sees="current", seed=0),
        "peephole-full": lambda n_x, n_a: LSTM(n_x, n_a, peephole="full", seed=0),
        "bidirectional": both(RNN),
        "bidirectional-gru": both(GRU),
        "bidirectional-lstm": both(LSTM),
        "deep": deep(RNN),
        "deep-gru": deep(GRU),
        "deep-lstm": deep(LSTM),
        "deep-bidirectional": lambda n_x, n_a: Deep([both(RNN)(n_x, n_a), both(RNN)(2 * n_a, n_a)]),
    }


def example_run(name: str, time_steps: int, n_x: int = 3, n_a: int = 4, n_y: int = 2, m: int = 2) -> Any:
    """A cell of that name unrolled over seeded random inputs, with a softmax readout and a loss at each step."""
    from autograd_seq import categorical_cross_entropy
    from cells import Readout

    rng = np.random.default_rng(0)
    cell = cells_by_name()[name](n_x, n_a)
    run = cell.unroll(rng.standard_normal((n_x, m, time_steps)))
    readout = Readout(cell.n_a, n_y, seed=1)
    targets = [np.eye(n_y)[:, rng.integers(n_y, size=m)] for _ in range(time_steps)]
    readout(run).measure(targets, categorical_cross_entropy)
    return run


def from_file(spec: str) -> Any:
    """What FILE.py:FUNCTION returns; running somebody's own file is what the command is for."""
    path, _, function = spec.rpartition(":")
    if not path.endswith(".py") or not function:
        raise UsageError(f"{spec!r} is neither a cell ({', '.join(cells_by_name())}) nor FILE.py:FUNCTION")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if module_spec is None or module_spec.loader is None:
        raise UsageError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(module_spec)
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        module_spec.loader.exec_module(module)
        if callable(getattr(module, function, None)):
            return getattr(module, function)()
    except AutogradError:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's file does wrong is said, not ours to know
        raise UsageError(f"{path} failed:\n{_said_by_user_code(error)}") from error
    finally:
        sys.path.pop(0)
    found = [
        key
        for key, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__ and not key.startswith("_")
    ]
    raise UsageError(f"{path} has no function {function!r}; it has {', '.join(found) or 'none'}")


def _said_by_user_code(error: BaseException) -> str:
    """Where somebody's own file failed, without the frames that only called it."""
    return "".join(traceback.format_exception(error, limit=-3)).rstrip()


def thing(arguments: argparse.Namespace) -> Any:
    """The run or tensor that a command is about."""
    if arguments.thing in cells_by_name():
        return example_run(arguments.thing, arguments.steps)
    return recorded(from_file(arguments.thing), arguments.thing)


def output_of(found: Any) -> Any:
    """The tensor to differentiate: a run's loss, else the thing itself."""
    loss = getattr(found, "loss", None)
    return loss if loss is not None else found


def recorded(found: Any, spec: str) -> Any:
    """What a user's function returned, if it was recorded."""
    from autograd_seq import Graph, Tensor

    if isinstance(found, (Graph, Tensor)) or hasattr(found, "graph") or hasattr(found, "unroll"):
        return found
    raise UsageError(f"{spec} returned {type(found).__name__}; let it return the loss, or the run, that it recorded")


def print_(arguments: argparse.Namespace) -> int:
    """Print the recorded graph, and the backward one on demand."""
    from autograd_seq import differentiate
    from autograd_seq.folding.steps import scopes

    output = output_of(thing(arguments))
    graph = differentiate(output).backward if arguments.backward else output.graph
    if arguments.json:
        places = scopes(graph)
        rows = [
            {"index": i, "name": r.label, "operation": r.operation.name if r.operation else None,
             "inputs": [graph.positions.get(x) for x in r.inputs], "shape": list(r.shape),
             "time": places[r].time, "line": str(r.source) if r.source else None}
            for i, r in enumerate(graph)
        ]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False))
    else:
        print(graph)
    return 0


def draw_(arguments: argparse.Namespace) -> int:
    """Draw the recorded graph into a file; .html becomes a page that steps through time, .gif the sweep in motion."""
    from viz import animate, draw, step_through

    path = arguments.output or f"{Path(arguments.thing.split(':')[0]).stem}.svg"
    if Path(path).suffix == ".html":
        step_through(thing(arguments), path)
    elif Path(path).suffix == ".gif":
        animate(thing(arguments), path)
    else:
        draw(
            thing(arguments), path, view=arguments.view, overlay=arguments.overlay, theme=arguments.theme,
            values=arguments.values, all_steps=arguments.all_steps,
        )  # fmt: skip
    print(path)
    return 0


def prove_(arguments: argparse.Namespace) -> int:
    """Prove every derivative, and print the certificate."""
    from autograd_seq import prove

    proof = prove(output_of(thing(arguments)))
    print(proof.to_json() if arguments.json else proof)
    return 0 if proof.ok else 1


def _single_cell(name: str) -> Any:
    """A cell with a step of its own, which a formula can be about."""
    from cells import Bidirectional, Deep

    made = {key: make(2, 3) for key, make in cells_by_name().items()}
    single = {key: cell for key, cell in made.items() if not isinstance(cell, (Bidirectional, Deep))}
    if name in single:
        return single[name]
    usable = ", ".join(single)
    if name in made:
        kind = "layers of cells" if isinstance(made[name], Deep) else "two cells in opposite directions"
        raise UsageError(f"--formula is about one step of one cell, and {name} is {kind}; take one of {usable}")
    raise UsageError(f"--formula is about a cell: {usable}; not {name!r}")


def check_(arguments: argparse.Namespace) -> int:
    """Check the hand-written backward passes in a file, or one formula of a cell."""
    if arguments.formula:
        from autograd_seq import check_formula

        found: Any = check_formula(arguments.formula, _single_cell(arguments.file), arguments.reading)
    else:
        from autograd_seq.check.course import check_file

        if arguments.file in cells_by_name():
            raise UsageError(f"what is claimed of {arguments.file}? Add --formula 'dc_prev = dc * Gamma_f'")
        found = check_file(arguments.file, arguments.seed, hints_only=arguments.hints)
    print(json.dumps(found.to_json(), ensure_ascii=False) if arguments.json else found)
    return 0 if found.ok else 1


def derive_(arguments: argparse.Namespace) -> int:
    """Print the derivation in the order in which one would teach it, or write it as a document."""
    from autograd_seq import derive, equations, prove
    from viz import draw

    found = thing(arguments)
    if arguments.output is None:
        print(equations(found))
        return 0
    title = None if ".py:" in arguments.thing else arguments.thing.replace("-", " ")
    document = derive(found, title=title, picture=lambda t: draw(t, view="cell").svg, proof=prove)
    print(document.save(arguments.output))
    return 0


def source_(arguments: argparse.Namespace) -> int:
    """Print the recording as a NumPy module with a forward and a backward function."""
    from autograd_seq import source

    text = source(thing(arguments), name=None if ".py:" in arguments.thing else arguments.thing.replace("-", "_"))
    if arguments.output is None:
        print(text, end="")
    else:
        Path(arguments.output).write_text(text, encoding="utf-8")
        print(arguments.output)
    return 0


def compile_(arguments: argparse.Namespace) -> int:
    """Print the program that a compiled plan of the recording runs, or what each of its rewrites did."""
    from autograd_seq import compile

    plan = compile(output_of(thing(arguments)), fast=arguments.fast)
    if arguments.output is not None:
        Path(arguments.output).write_text(plan.source, encoding="utf-8")
    if arguments.explain:
        print(plan.explain())
    else:
        print(plan.source if arguments.output is None else arguments.output)
    return 0


def flow_(arguments: argparse.Namespace) -> int:
    """Print how strongly each step's loss depends on each step's state."""
    from cells import gradient_flow, state_flow

    found = thing(arguments)
    if not hasattr(found, "losses"):
        raise UsageError(f"flow needs a run with losses at its time steps, but {arguments.thing} gives a tensor")
    table = (state_flow if arguments.states else gradient_flow)(found, wrt=arguments.wrt)
    if arguments.json:
        print(json.dumps({"wrt": arguments.wrt, "flow": table.tolist()}))
        return 0
    above = f"{arguments.wrt}<t>" if arguments.states else "L<t>"
    print(f"‖∂{above}/∂{arguments.wrt}<k>‖   rows t, columns k = 1 … {len(table)}\n")
    for t, row in enumerate(table, start=1):
        print(f"t = {t:3d}  " + " ".join(f"{value:8.1e}" if k < t else " " * 8 for k, value in enumerate(row)))
    return 0


def train_(arguments: argparse.Namespace) -> int:
    """Train a language model on a text file, a sequence a line."""
    from autograd_seq.clipping import clip_by_global_norm
    from autograd_seq.optimisers import Adam
    from autograd_seq.text import Vocabulary, lines
    from autograd_seq.training import Trainer

    texts = list(lines(arguments.corpus))
    vocabulary = Vocabulary.build(texts, size=arguments.size, level=arguments.level)
    model = language_model(arguments.cell, arguments.hidden, len(vocabulary), vocabulary.end)
    trainer = Trainer(model, Adam(arguments.rate), clip=lambda g: clip_by_global_norm(g, 5.0), batch_size=32)
    trainer.fit([vocabulary.encode(text) for text in texts], epochs=arguments.epochs, progress=True)
    settings = {
        "cell": arguments.cell, "hidden": arguments.hidden, "words": vocabulary.words, "level": vocabulary.level,
    }  # fmt: skip
    checkpoint.save(arguments.output, {key: p.value for key, p in model.parameters.items()}, settings)
    print(f"{len(texts)} sequences, {len(vocabulary)} tokens; loss of a sequence {trainer.history.losses[-1]:.3f}")
    print(f"written: {arguments.output}; invent with: autograd-seq sample {arguments.output}")
    return 0


def language_model(cell: str, hidden: int, size: int, end: int | None) -> Any:
    """A language model over one-hot tokens, as train and sample both make it."""
    from cells.language_model import LanguageModel

    if cell not in cells_by_name():
        raise UsageError(f"there is no cell {cell!r}; choose one of {', '.join(cells_by_name())}")
    return LanguageModel(cells_by_name()[cell](size, hidden), size, end=end, seed=1)


def sample_(arguments: argparse.Namespace) -> int:
    """Sample new sequences from a model that train wrote."""
    from autograd_seq.text import Vocabulary

    arrays, settings = checkpoint.load(arguments.model)
    try:
        vocabulary = Vocabulary(settings["words"], settings["level"])
        model = language_model(settings["cell"], settings["hidden"], len(vocabulary), vocabulary.end)
    except KeyError as error:
        raise UsageError(f"{arguments.model} is a checkpoint, but not a model that train wrote") from error
    checkpoint.fitted(arrays, model.parameters, arguments.model)
    for key, parameter in model.parameters.items():
        parameter.value = arrays[key]
    generator = np.random.default_rng(arguments.seed)
    for _ in range(arguments.count):
        drawn = model.sample(generator, arguments.length, temperature=arguments.temperature, top_k=arguments.top_k)
        print(vocabulary.text(drawn))
    return 0


def _whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is at least so large."""

    def number(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"a whole number from {least} on, not {text!r}")
        return int(text)

    return number


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    names = ", ".join(cells_by_name())
    top = argparse.ArgumentParser(
        prog="autograd-seq",
        description="A microscope for backpropagation through time.",
        epilog=_examples("") + THING.format(cells=names),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, function: Callable[[argparse.Namespace], int], help: str, about: bool = True) -> Any:
        sub = commands.add_parser(
            name, help=help, description=help, formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=_examples(name) + (THING.format(cells=names) if about else ""),
        )  # fmt: skip
        if about:
            sub.add_argument("thing", metavar="THING", help="a cell's name, or FILE.py:FUNCTION")
            sub.add_argument(
                "--steps", type=_whole(1), default=3, metavar="T", help="time steps of a named cell (default 3)"
            )
        sub.set_defaults(run=function)
        return sub

    sub = command("print", print_, "print the recorded graph as a table")
    sub.add_argument("--backward", action="store_true", help="the backward pass, itself a recording")
    sub.add_argument("--json", action="store_true", help="as JSON, a list of records")
    sub = command("draw", draw_, "draw the recorded graph")
    sub.add_argument("--view", default="unrolled", help="unrolled, rolled, cell, operations or backward")
    sub.add_argument("--overlay", action="store_true", help="adjoints over the arrows, as wide as their norm")
    sub.add_argument("--values", action="store_true", help="write the values")
    sub.add_argument("--all-steps", action="store_true", help="every step, also of a long sequence")
    sub.add_argument("--theme", choices=("light", "dark"), default="light")
    sub.add_argument(
        "-o", "--output", metavar="FILE",
        help="FILE.svg, .png, .pdf or .dot (default: THING.svg); FILE.html: a page that steps through time; "
        "FILE.gif: the backward sweep in motion",
    )  # fmt: skip
    sub = command("prove", prove_, "prove every derivative exactly, with SymPy; exit code 1 if one is refuted")
    sub.add_argument("--json", action="store_true", help="as JSON")
    sub = command("check", check_, "check hand-written backward passes; exit code 1 if one is wrong", about=False)
    sub.add_argument("file", metavar="FILE.py", help="a Python file as it is; or, with --formula, a cell's name")
    sub.add_argument("--formula", metavar="TEXT", help="a claim such as 'dc_prev = dc * Gamma_f'")
    sub.add_argument("--reading", choices=("adjoint", "jacobian"), default="adjoint", help="what dX in it means")
    sub.add_argument("--hints", action="store_true", help="say what is wrong without the correct formula")
    sub.add_argument("--seed", type=_whole(0), default=0, help="for the numbers that are drawn")
    sub.add_argument("--json", action="store_true", help="as JSON")
    sub = command("derive", derive_, "print the equations of the forward and the backward pass")
    sub.add_argument("-o", "--output", metavar="FILE", help="FILE.html, .md or .tex: with picture, source and proof")
    sub = command("source", source_, "print a NumPy module with the forward and the backward pass")
    sub.add_argument("-o", "--output", metavar="FILE.py", help="write it to a file")
    sub = command("compile", compile_, "print the fast program that replays the recording: compile()'s plan.source")
    sub.add_argument("--explain", action="store_true", help="print what each rewrite did to it, in place of it")
    sub.add_argument("--fast", action="store_true", help="the loops through Numba, which the extra fast installs")
    sub.add_argument("-o", "--output", metavar="FILE.py", help="write the program to a file")
    sub = command("flow", flow_, "print how far back each loss reaches: the gradient's norm from step to step")
    sub.add_argument("--wrt", choices=("a", "c"), default="a", help="the state a or the memory c (default a)")
    sub.add_argument("--states", action="store_true", help="of one state by another, in place of the losses")
    sub.add_argument("--json", action="store_true", help="as JSON")
    sub = command("train", train_, "train a language model on a text file, a sequence a line", about=False)
    sub.add_argument("corpus", metavar="FILE", help="text in UTF-8")
    sub.add_argument("--cell", default="lstm", help="a cell's name (default lstm)")
    sub.add_argument("--level", choices=("word", "character"), default="character", help="default: character")
    sub.add_argument("--size", type=_whole(1), help="tokens to know, the most frequent (default: all)")
    sub.add_argument("--hidden", type=_whole(1), default=50, metavar="N_A", help="length of the state (default 50)")
    sub.add_argument("--epochs", type=_whole(1), default=20, help="how often each line is used (default 20)")
    sub.add_argument("--rate", type=float, default=0.01, help="learning rate of Adam (default 0.01)")
    sub.add_argument("-o", "--output", default="model.npz", metavar="FILE", help="where the model goes, a .npz file")
    sub = command("sample", sample_, "invent new sequences with a model that train wrote", about=False)
    sub.add_argument("model", metavar="FILE", help="what train wrote")
    sub.add_argument("--count", type=_whole(1), default=5, help="how many (default 5)")
    sub.add_argument("--length", type=_whole(1), default=50, help="the longest (default 50 tokens)")
    sub.add_argument("--temperature", type=float, default=1.0, help="below 1 keeps to the likely, above 1 dares more")
    sub.add_argument("--top-k", type=_whole(1), help="draw from the k most likely tokens only")
    sub.add_argument("--seed", type=_whole(0), default=0, help="where chance begins (default 0)")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        The words after the program's name; those of the process if not given.

    Returns
    -------
    int
        0 good, 1 a check failed, 2 bad use.

    Examples
    --------
    >>> main(["print", "nothing.py:at_all"])
    2
    """
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except (AutogradError, OSError) as error:
        print(f"autograd-seq {arguments.command}: {_without_launcher(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"autograd-seq {arguments.command}: stopped; nothing was written", file=sys.stderr)
        return 2


def _without_launcher(message: str) -> str:
    """An error message without the line that only started this command."""
    return "\n".join(line for line in message.splitlines() if not line.strip().startswith(_LAUNCHERS))


_LAUNCHERS = ("at autograd-seq:", "at autograd-seq.exe:", "at <frozen runpy>:", "at __main__.py:")


if __name__ == "__main__":
    sys.exit(main())
