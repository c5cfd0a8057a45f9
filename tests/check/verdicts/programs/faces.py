"""What holds the two passes: functions with a cache, a layer object, globals, or one function that does both."""

from __future__ import annotations

import re

from check.verdicts.programs.author import Author, many
from check.verdicts.programs.passes import Passes, indented

Lines = list[str]


def _kept(text: Passes) -> list[str]:
    """Every name of the forward pass that the backward pass reads."""
    author = text.author
    names = [n for n in text.inputs() if n not in text.states]
    if author.store in ("tuples", "steps"):
        names.append("caches")
        names += [many(v) for v in text.head_needed()] if author.store == "steps" else []
    else:
        names += [many(v) for v in text.kept_names()]
    backward = " ".join(text_of_backward(text))
    return [n for n in names if re.search(rf"\b{n}\b", backward)]


def text_of_backward(text: Passes) -> Lines:
    """The lines of the backward pass, written once: the author decides once how the loop runs."""
    if not hasattr(text, "written"):
        text.written = text.backward()
    return text.written


def _start(text: Passes) -> Lines:
    """Lists that a program of step functions keeps beside the caches."""
    return [f"{many(v)} = []" for v in text.head_needed()] if text.author.store == "steps" else []


def _steps(text: Passes) -> tuple[Lines, Lines]:
    """The step functions where there are any, forward and backward."""
    if text.author.store != "steps":
        return [], []
    return [*text.step_forward(), "", ""], [*text.step_backward(), "", ""]


def _upstream(text: Passes, where: str = "upstream") -> Lines:
    key = {"states": "hs", "last": "h_last"}.get(text.author.head, "loss")
    return [f'd{key} = {where}["{key}"]']


def _gradients(text: Passes) -> str:
    return "{" + ", ".join(f'"d{k}": d{k}' for k in text.to_return()) + "}"


def functions(author: Author, text: Passes) -> tuple[Lines, Lines, Lines]:
    """``forward(...) -> outputs, cache`` and ``backward(upstream, cache)``, the cache a tuple."""
    forward, backward = _steps(text)
    kept = ", ".join(_kept(text))
    before = [*forward, f"def forward({', '.join(text.inputs())}):", *indented(_start(text) + text.forward()),
              f"    cache = ({kept},)", f"    return {text.output()}, cache", "", ""]  # fmt: skip
    after = [f"    return {_gradients(text)}"]
    head = ["def backward(upstream, cache):", f"    ({kept},) = cache", *indented(_upstream(text))]
    return before, [*backward, *head, *indented(text_of_backward(text))], after


def dictionary(author: Author, text: Passes) -> tuple[Lines, Lines, Lines]:
    """The same with a dict for a cache, and one for the parameters."""
    forward, backward = _steps(text)
    kept = ", ".join(f'"{k}": {k}' for k in _kept(text))
    before = [*forward, f"def forward({', '.join(text.inputs())}):", *indented(_start(text) + text.forward()),
              f"    cache = {{{kept}}}", f"    return {text.output()}, cache", "", ""]  # fmt: skip
    head = ["def backward(upstream, cache):", *indented(f'{k} = cache["{k}"]' for k in _kept(text))]
    after = [f"    return {_gradients(text)}"]
    return before, [*backward, *head, *indented(_upstream(text) + text_of_backward(text))], after


def module_globals(author: Author, text: Passes) -> tuple[Lines, Lines, Lines]:
    """The forward pass leaves in a global dict what the backward pass takes from there."""
    forward, backward = _steps(text)
    before = ["KEPT = {}", "", "", *forward, f"def forward({', '.join(text.inputs())}):",
              *indented(_start(text) + text.forward()), *indented(f'KEPT["{k}"] = {k}' for k in _kept(text)),
              f"    return {text.output()}, None", "", ""]  # fmt: skip
    head = ["def backward(upstream, cache):", *indented(f'{k} = KEPT["{k}"]' for k in _kept(text))]
    after = [f"    return {_gradients(text)}"]
    return before, [*backward, *head, *indented(_upstream(text) + text_of_backward(text))], after


def layer(author: Author, text: Passes) -> tuple[Lines, Lines, Lines]:
    """A class whose objects hold the parameters and what the backward pass needs."""
    kept = _kept(text)
    parameters = list(text.cell.parameters)
    data = [k for k in text.inputs() if k not in parameters]
    owned = {n: f"self.{n}" for n in {*parameters, *kept}}
    forward, backward = _steps(text)

    def of_self(lines: Lines) -> Lines:
        names = "|".join(map(re.escape, owned))
        return [
            re.sub(rf"(?<![\w.\"])({names})\b(?!\s*=[^=])(?![\"\w])", lambda m: owned[m[1]], line) for line in lines
        ]

    def assigned(lines: Lines) -> Lines:
        return [re.sub(r"^((?:    )*)(" + "|".join(map(re.escape, owned)) + r") = ", r"\1self.\2 = ", x) for x in lines]

    body = assigned(of_self(_start(text) + text.forward()))
    before = [*forward, "class Layer:", f"    def __init__(self, {', '.join(parameters)}):",
              *indented((f"self.{p} = {p}" for p in parameters), 2), "",
              f"    def forward(self, {', '.join(data)}):",
              *indented((f"self.{k} = {k}" for k in data if k in kept), 2), *indented(body, 2),
              *indented(of_self([f"return {text.output()}"]), 2), ""]  # fmt: skip
    head = ["    def backward(self, upstream):", *indented(_upstream(text), 2)]
    middle = [*head, *indented(of_self(text_of_backward(text)), 2)]
    after = [f"        return {_gradients(text)}", "", "", f"def forward({', '.join(text.inputs())}):",
             f"    layer = Layer({', '.join(parameters)})", f"    return layer.forward({', '.join(data)}), layer",
             "", "", "def backward(upstream, layer):", "    return layer.backward(upstream)"]  # fmt: skip
    return [*backward, *before], middle, after


def one_function(author: Author, text: Passes) -> tuple[Lines, Lines, Lines]:
    """``lossFun``: the loss and its gradients from one function."""
    forward, backward = _steps(text)
    inputs = ", ".join(text.inputs())
    gradients = ", ".join(f"d{k}" for k in text.to_return())
    before = [*forward, *backward, f"def lossFun({inputs}):", *indented(_start(text) + text.forward())]
    middle = indented(["dloss = 1.0", *text_of_backward(text)])
    after = [f"    return loss, {gradients}", "", "", f"def forward({inputs}):",
             f"    loss, {gradients} = lossFun({inputs})", f'    return {{"loss": loss}}, ({gradients},)', "", "",
             "def backward(upstream, cache):", f"    {gradients}, = cache", '    g = upstream["loss"]',
             "    return {" + ", ".join(f'"d{k}": g * d{k}' for k in text.to_return()) + "}"]  # fmt: skip
    return before, middle, after


FACES = {"functions": functions, "dict": dictionary, "class": layer, "global": module_globals, "lossFun": one_function}
