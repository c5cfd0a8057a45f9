"""The two passes of a program: the lines that go through the steps forward, and back through them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from check.verdicts.programs.author import AXES, PLACES, Author, many
from check.verdicts.programs.cells import Statement


def needed(author: Author, statements: Iterable[Statement], names: set[str]) -> list[str]:
    """The variables of a step that the backward pass reads, in the order in which they are made."""
    used = {w for s in statements for _, term in s.gives for w in re.findall(r"\b[A-Za-z]\w*", term)}
    used |= {w for line in (author.loss_backward() if author.loses else []) for w in re.findall(r"\b[sq]\b", line)}
    order = ["xt", "h_prev", "c_prev", *(s.name for s in author.cell.statements), "s", "q"]
    return [n for n in order if n in used and n in names]


def replaced(line: str, places: dict[str, str]) -> str:
    """Names replaced by where they are kept, but for those that are parts of other names."""
    if not places:
        return line
    return re.sub(r"\b(" + "|".join(map(re.escape, places)) + r")\b(?!\()", lambda m: places[m[1]], line)


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Lines one level (or more) further to the right."""
    return ["    " * by + line if line else line for line in lines]


class Passes:
    """The lines of one program."""

    def __init__(self, author: Author) -> None:
        self.author, self.cell = author, author.cell
        self.statements = [*author.cell.statements, *author.readout]
        self.variables = {"xt", "h_prev", "c_prev", *(s.name for s in self.statements)}
        self.needed = needed(author, self.statements, self.variables)
        self.states = author.cell.states

    # -- forward ------------------------------------------------------------------------------------------------

    def step_places(self) -> dict[str, str]:
        """Of a program that writes every variable where it is kept."""
        if not self.author.inline:
            return {}
        return {v: self.author.kept(v) for v in [*self.needed, *self.states, *(f"{s}_prev" for s in self.states), "xt"]}

    def forward(self) -> list[str]:
        """From the inputs to the outputs, all that is kept on the way."""
        author = self.author
        steps = f"x.shape[{AXES[author.layout]}]"
        lines = [f"T = {steps}", f"n_h, m = {author.size_of('n_h')}, {author.size_of('m')}"]
        lines += self.containers()
        lines += ["loss = 0.0"] if author.loses else []
        loop = "for t in range(T - 1, -1, -1):" if author.back_in_time else "for t in range(T):"
        return [*lines, loop, *indented(self.step_lines())]

    def containers(self) -> list[str]:
        """Where the numbers of all steps are kept, with the first states in them."""
        author = self.author
        if author.store in ("tuples", "steps"):
            return ["caches = []", *(f"{s} = {s}0" for s in self.states), *self.outputs_empty()]
        return [line for v in self.kept_names() for line in self.container(v)]

    def container(self, v: str) -> list[str]:
        """Where the values of one variable are kept."""
        author = self.author
        dtype = ', dtype="f"' if author.single else ""
        steps = "T + 1" if v in self.states else "T"
        first = "T" if author.back_in_time else {"dicts": "-1"}.get(author.place, "0")
        if author.place == "arrays":
            made = f"{many(v)} = np.zeros(({author.over_time(self.written_size(v), steps)}){dtype})"
            return [made, *([f"{author.at(many(v), first)} = {v}0"] if v in self.states else [])]
        start = (
            {"lists": f"[{v}0]", "dicts": f"{{{first}: {v}0}}"} if v in self.states else {"lists": "[]", "dicts": "{}"}
        )
        return [f"{many(v)} = {start[author.place]}"]

    def written_size(self, v: str) -> str:
        """The rows (or columns) of a variable, as a program has them."""
        n_x = [*self.letters_over_time("n_x")].index("n_x")
        n_y = -1 if self.author.rows else 0
        return {"n_y": f"bs.shape[{n_y}]", "n_h + n_x": f"n_h + x.shape[{n_x}]"}.get(self.cell.sizes[v], "n_h")

    def outputs_empty(self) -> list[str]:
        return ["states = []"] if self.author.head == "states" else []

    def kept_names(self) -> list[str]:
        """The variables that have a container: what backward needs and the states, but not what x itself holds."""
        names = [v for v in self.needed if v != "xt" and not v.endswith("_prev")]
        return [*self.states, *(v for v in names if v not in self.states)]

    def step_lines(self) -> list[str]:
        """One step forward."""
        author = self.author
        equations = [f"{s.name} = {s.text}" for s in self.statements]
        losing = author.loss_lines() if author.loses else []
        if author.inline:
            places = self.step_places()
            return [replaced(line, places) for line in [*equations, *losing]]
        if author.store == "steps":
            states = ", ".join(self.states)
            arguments = ", ".join([author.at("x"), *self.states, *self.cell_parameters()])
            lines = [f"{states}, cache = step_forward({arguments})", "caches.append(cache)"]
            lines += [f"{s.name} = {s.text}" for s in author.readout] + losing
            lines += [f"{many(v)}.append({v})" for v in self.head_needed()]
            return lines + (["states.append(h)"] if author.head == "states" else [])
        lines = [f"xt = {author.at('x')}"]
        if author.store == "tuples":
            lines += [f"{s}_prev = {s}" for s in self.states] + equations + losing
            lines.append(f"caches.append(({', '.join(self.needed)},))")
            return lines + (["states.append(h)"] if author.head == "states" else [])
        lines += [f"{s}_prev = {author.kept(s + '_prev')}" for s in self.states]
        lines += [*equations, *losing]
        for v in self.kept_names():
            lines.append(f"{many(v)}.append({v})" if author.place == "lists" else f"{author.kept(v)} = {v}")
        return lines

    def head_needed(self) -> list[str]:
        return [v for v in self.needed if v in ("s", "q", "h") and self.author.loses and v in self.head_reads()]

    def head_reads(self) -> set[str]:
        lines = self.author.loss_backward() + [term for s in self.author.readout for _, term in s.gives]
        return {w for line in lines for w in re.findall(r"\b[A-Za-z]\w*", line)}

    def cell_parameters(self) -> list[str]:
        """Those of the cell, not of the readout."""
        readout = {target for s in self.author.readout for target, _ in s.gives}
        return [p for p in self.cell.parameters if p not in readout]

    def output(self) -> str:
        """What is handed out, as an expression."""
        author = self.author
        if author.loses:
            return '{"loss": loss}'
        axis = AXES[author.layout]
        if author.head == "last":
            end = {"arrays": author.at("hs", "0" if author.back_in_time else "T"), "lists": "hs[-1]",
                   "dicts": "hs[0]" if author.back_in_time else "hs[T - 1]"}  # fmt: skip
            return f'{{"h_last": {end.get(author.place, "h")}}}'
        part = ":-1" if author.back_in_time else "1:"
        whole = {"arrays": "hs" + PLACES[author.layout].format(part), "lists": f"np.stack(hs[1:], axis={axis})",
                 "dicts": f"np.stack([hs[t] for t in range(T)], axis={axis})"}  # fmt: skip
        return f'{{"hs": {whole.get(author.place, f"np.stack(states, axis={axis})")}}}'

    # -- backward -----------------------------------------------------------------------------------------------

    def backward(self) -> list[str]:
        """From the adjoints of the outputs to those of the inputs."""
        author = self.author
        lines = [f"T = x.shape[{AXES[author.layout]}]", f"n_h, m = {author.size_of('n_h')}, {author.size_of('m')}"]
        lines += [f"d{p} = np.zeros_like({p})" for p in self.cell.parameters]
        lines += ["dx = np.zeros_like(x)"]
        lines += ["dtargets = np.zeros_like(targets)"] if author.head in ("one-hot", "squared") else []
        for s in self.states:
            last = author.head == "last" and s == "h"
            lines.append("dh_next = dh_last" if last else f"d{s}_next = np.zeros_like({s}0)")
        lines += self.loop_back()
        return [*lines, *(f"d{s}0 = d{s}_next" for s in self.states)]

    def loop_back(self) -> list[str]:
        """The loop over the steps, the last first."""
        author, rng = self.author, self.author.rng
        body = self.step_back()
        if author.back_in_time:
            return ["for t in range(T):", *indented(body)]
        kind = rng.choice(["reversed", "reversed", "range", "while"])
        if kind == "while":
            return ["t = T - 1", "while t >= 0:", *indented([*body, "t -= 1"])]
        head = "for t in reversed(range(T)):" if kind == "reversed" else "for t in range(T - 1, -1, -1):"
        return [head, *indented(body)]

    def given(self) -> dict[str, list[str]]:
        """What the adjoints of a step's states get from outside the cell."""
        terms: dict[str, list[str]] = {s: [f"d{s}_next"] for s in self.states}
        if self.author.head == "states":
            terms["h"].insert(0, self.author.at("dhs"))
        return terms

    def adjoints(self, statements: list[Statement], terms: dict[str, list[str]]) -> list[str]:
        """The equations' adjoints, the last equation first; in ``terms`` is left what earlier ones get."""
        lines = []
        for statement in reversed(statements):
            if statement.name in terms and statement.gives:
                lines.append(f"d{statement.name} = {' + '.join(terms.pop(statement.name))}")
            for target, term in statement.gives:
                if target in self.cell.parameters:
                    lines.append(f"d{target} += {term}")
                else:
                    terms.setdefault(target, []).append(term)
        return lines

    def step_back(self) -> list[str]:
        """One step backward."""
        author = self.author
        terms = self.given()
        lines = author.loss_backward() if author.loses else []
        for statement in reversed(author.readout):
            if statement.name == "s":
                lines += self.adjoints([statement], terms)
        if author.store == "steps":
            return self.one_step_called(lines, terms)
        lines += self.adjoints(self.cell.statements, terms)
        lines += [f"{author.at('dx')} = {' + '.join(terms['xt'])}"]
        lines += [f"d{s}_next = {' + '.join(terms[s + '_prev'])}" for s in self.states]
        if author.inline:
            places = {v: author.kept(v) for v in [*self.needed, "xt"]}
            return [replaced(line, places) for line in lines]
        if author.store == "tuples":
            return [f"{', '.join(self.needed)}, = caches[t]", *lines]
        return [*(f"{v} = {author.kept(v)}" for v in self.needed), *lines]

    # -- a step as a function of its own --------------------------------------------------------------------------

    def step_needed(self) -> list[str]:
        used = {w for s in self.cell.statements for _, term in s.gives for w in re.findall(r"\b[A-Za-z]\w*", term)}
        return [v for v in self.needed if v in used]

    def step_forward(self) -> list[str]:
        """The cell's step forward."""
        parameters = self.cell_parameters()
        arguments = ", ".join(["xt", *(f"{s}_prev" for s in self.states), *parameters])
        return [
            f"def step_forward({arguments}):",
            *indented(f"{s.name} = {s.text}" for s in self.cell.statements),
            f"    return {', '.join(self.states)}, ({', '.join([*self.step_needed(), *parameters])},)",
        ]

    def step_backward(self) -> list[str]:
        """The cell's step backward: adjoints of its states in, gradients in a dict out."""
        parameters = self.cell_parameters()
        axis = 1 if self.author.rows else 0
        terms = {s: [f"d{s}"] for s in self.states}
        lines = self.adjoints(self.cell.statements, terms)
        lines = [line.replace(" += ", " = ") if line[1:].split(" += ")[0] in parameters else line for line in lines]
        lines = [line for line in lines if line not in {f"d{s} = d{s}" for s in self.states}]
        gradients = {"xt": "xt", **{f"{s}_prev": f"{s}_prev" for s in self.states}}
        lines += [f"d{name} = {' + '.join(terms[name])}" for name in gradients]
        made = ", ".join(f'"d{n}": d{n}' for n in [*gradients, *parameters])
        return [
            f"def step_backward({', '.join(f'd{s}' for s in self.states)}, cache):",
            f"    ({', '.join([*self.step_needed(), *parameters])},) = cache",
            *indented([f"n_h = d{self.states[0]}.shape[{axis}]"] if "n_h" in " ".join(lines) else []),
            *indented(lines),
            f"    return {{{made}}}",
        ]

    def one_step_called(self, lines: list[str], terms: dict[str, list[str]]) -> list[str]:
        """The body of the loop that calls it."""
        fetched = [f"{v} = {many(v)}[t]" for v in self.head_needed()]
        states = ", ".join(" + ".join(terms[s]) for s in self.states)
        return [
            *fetched, *lines,
            f"step = step_backward({states}, caches[t])",
            f"{self.author.at('dx')} = step[\"dxt\"]",
            *(f"d{p} += step[\"d{p}\"]" for p in self.cell_parameters()),
            *(f"d{s}_next = step[\"d{s}_prev\"]" for s in self.states),
        ]  # fmt: skip

    # -- what stands around ---------------------------------------------------------------------------------------

    def inputs(self) -> dict[str, tuple[object, ...]]:
        """Every input and its shape in letters."""
        author = self.author
        found: dict[str, tuple[object, ...]] = {"x": self.letters_over_time("n_x")}
        found |= {f"{s}0": author.shape("n_h") for s in self.states}
        found |= self.cell.parameters
        if author.head in ("one-hot", "squared"):
            found["targets"] = self.letters_over_time("n_y")
        if author.head == "labels":
            found["targets"] = ("T", "m")
        return found

    def letters_over_time(self, n: str) -> tuple[object, ...]:
        shape: list[object] = list(self.author.shape(n))
        shape.insert(AXES[self.author.layout], "T")
        return tuple(shape)

    def to_return(self) -> list[str]:
        """The gradients that are asked for."""
        return [k for k in self.inputs() if not (k == "targets" and self.author.head == "labels")]
