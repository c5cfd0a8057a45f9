"""Generated modules, run in another process, where nothing but NumPy and Python's own library can be imported.

One process serves all that is run: to start Python and NumPy takes longer than most of what they are started for.
"""

import atexit
import io
import json
import subprocess
import sys
import threading

import numpy as np

SERVER = """
import sys
class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"numpy"}:
            raise ImportError(name)
sys.meta_path.insert(0, OnlyNumPy())
import io, json, traceback
import numpy as np

def run(cases):
    namespace, found = {}, {}
    exec(compile(str(cases["source"]), "generated", "exec"), namespace)
    plan = json.loads(str(cases["plan"]))
    for case in plan["cases"]:
        given = lambda names: {n: cases[f"{case}/{n}"] for n in names}
        parameters = {k: cases[f"{case}/{k}"] for k in plan["parameters"]}
        *outputs, cache = namespace["net_forward"](parameters=parameters, **given(plan["forward"]))
        gradients = namespace["net_backward"](cache=cache, **given(plan["backward"]))
        for i, output in enumerate(outputs):
            found[f"{case}/out{i}"] = output
        for key, gradient in gradients.items():
            found[f"{case}/{key}"] = gradient
    assert "autograd_seq" not in sys.modules
    return found

questions, answers = sys.stdin.buffer, sys.stdout.buffer
while size := questions.readline():
    question, answer = io.BytesIO(questions.read(int(size))), io.BytesIO()
    try:
        found = run(np.load(question))
    except BaseException:
        found = {"failure": traceback.format_exc()}
    np.savez(answer, **found)
    answers.write(b"%d\\n" % answer.tell() + answer.getvalue())
    answers.flush()
"""
TIME_LIMIT = 120  # seconds


class _Server:
    """The process, started when first needed."""

    def __init__(self):
        self.process = None

    def ask(self, question):
        """The answer to a question, both as bytes; empty if the process ended over it."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", SERVER],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        limit = threading.Timer(TIME_LIMIT, self.process.kill)
        limit.start()
        self.process.stdin.write(b"%d\n" % len(question) + question)
        self.process.stdin.flush()
        size = self.process.stdout.readline()
        answer = self.process.stdout.read(int(size)) if size else b""
        limit.cancel()
        if not answer:
            self.end()
        return answer

    def end(self):
        if self.process is not None:
            self.process.communicate()
            self.process = None


_server = _Server()
atexit.register(_server.end)


def run_alone(text, cases, forward, backward, parameters):
    """The outputs and gradients of a module for several cases.

    `cases` are dicts from names to arrays; `forward`, `backward` and `parameters` say which of them go where. The
    answer has ``"0/out0"`` for the first case's first output, ``"0/dW"`` for its gradient by W.
    """
    plan = {"cases": list(range(len(cases))), "forward": forward, "backward": backward, "parameters": parameters}
    arrays = {f"{i}/{key}": value for i, case in enumerate(cases) for key, value in case.items()}
    question = io.BytesIO()
    np.savez(question, source=np.array(text), plan=np.array(json.dumps(plan)), **arrays)
    answer = _server.ask(question.getvalue())
    assert answer, f"the process ended, or took longer than {TIME_LIMIT} s\n{text}"
    found = np.load(io.BytesIO(answer))
    assert "failure" not in found, f"{found['failure']}\n{text}"
    return found
