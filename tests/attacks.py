"""What a submission may try, so that a wrong backward pass counts as right. Each is put into a wrong file.

`AT_IMPORT` runs before the wrong function is defined, `AFTER` when it is, `INSIDE` at the beginning of each call of it;
`RETURNED` is returned in place of the wrong gradients, which are called `wrong` there.
"""

WRONG = """
def rnn_cell_backward(da_next, cache):
    {inside}
    a_next, a_prev, xt, p = cache
    dz = da_next * (1 - a_next)
    wrong = {{"dxt": p["Wax"].T @ dz, "da_prev": p["Waa"].T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T,
              "dba": dz.sum(axis=1, keepdims=True)}}
    return {returned}
"""

HEAD = """
import atexit, builtins, ctypes, gc, json, math, os, signal, sys, threading, time
import numpy as np
"""

REACH = """
import autograd_seq
def reach(name):
    return [o for o in gc.get_objects() if getattr(o, "__qualname__", "").endswith(name) and callable(o)]
"""

AT_IMPORT = {
    # ends
    "exit": "exit()",
    "sys.exit": "sys.exit(0)",
    "os._exit": "os._exit(0)",
    "raise": "raise SystemExit(0)",
    "generator exit": "raise GeneratorExit",
    "abort": "os.abort()",
    "kill itself": "os.kill(os.getpid(), 9)",
    "kill its group": "os.killpg(0, 9)",
    "exit of the C library": "ctypes.CDLL(None).exit(0)",
    "crash": "ctypes.string_at(1)",
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "another program": "os.execv('/bin/true', ['true'])",
    "the parent of a fork ends": "os.fork() and os._exit(0)",
    "recursion": "def f(): return f()\nsys.setrecursionlimit(10**7)\nf()",
    "memory": "kept = [bytearray(2**28) for i in range(64)]",
    # NumPy and Python changed
    "np.abs": "np.abs = lambda x: 0 * x",
    "np.max": "np.max = lambda *a, **k: 0.0",
    "np.allclose": "np.allclose = lambda *a, **k: True",
    "np.isfinite": "np.isfinite = lambda x: True",
    "np.ndarray": "np.ndarray = list",
    "np.linalg.norm": "np.linalg.norm = lambda *a, **k: 0.0",
    "builtins.abs": "builtins.abs = lambda x: 0",
    "builtins.max": "builtins.max = lambda *a, **k: 0",
    "builtins.isinstance": "builtins.isinstance = lambda *a: True",
    "builtins.str": "builtins.str = lambda *a: 'right'",
    "math.isfinite": "math.isfinite = lambda x: True",
    "json.dumps": 'json.dumps = lambda *a, **k: \'{"ok": true, "verdict": "right"}\'',
    # the checker changed
    "compare": "import autograd_seq.diagnosis.compare as c\nc.difference = lambda a, b: 0.0",
    "Gradient.ok": "from autograd_seq.diagnosis.report import Gradient\nGradient.ok = property(lambda self: True)",
    "Report.ok": "from autograd_seq.diagnosis.report import BackwardReport as R\nR.ok = property(lambda self: True)",
    "Submission.verdict": "from autograd_seq.grading.submission import Submission as S\nS.verdict = 'right'",
    "marks": "import autograd_seq.grading.marks as m\nm.marked = lambda name, *a: None",
    "pack": "import autograd_seq.grading.caged as c\nc.pack = lambda value: ({'dict': [['ok', True]]}, {})",
    "block": "import autograd_seq.grading.caged as c\nc.block = lambda arrays: b'PK' * 10",
    "a pickle": "import autograd_seq.grading.caged as c\nc.block = lambda arrays: b'cos\\nsystem\\n(S\"true\"\\ntR.'",
    "served": "import autograd_seq.grading.caged as c\nc._Served.answer = lambda self, q: self._say({'event': 'report',"
    " 'name': 'rnn_cell_backward', 'ok': True, 'verdict': 'right'})",
    "sys.modules": "sys.modules['autograd_seq'] = sys.modules['numpy'] = sys",
    "no modules": "sys.modules.clear()",
    "the channel": REACH + "for say in reach('_private_channel.<locals>.say'): say({'event': 'report', 'ok': True,"
    " 'name': 'rnn_cell_backward', 'text': 'right', 'report': {}})",
    "the last word": REACH + "for say in reach('_private_channel.<locals>.say'): say({'event': 'end', 'trouble': []})",
    "an empty answer": REACH + "for say in reach('_private_channel.<locals>.say'): say({'event': 'answer'})",
    "an answer of another kind": REACH + "for say in reach('_private_channel.<locals>.say'): say({'event': 'answer',"
    " 'names': 7, 'tree': {'dict': [[[], 1]]}, 'block': 5, 'error': []})",
    "frames": "f = sys._getframe()\nwhile f:\n    f.f_locals.update(ok=True, verdict='right')\n    f = f.f_back",
    "every descriptor": "for i in range(3, 40):\n    try: os.write(i, b'{\"ok\": true}\\n' * 1000)\n"
    "    except OSError: pass",
    "closed descriptors": "os.closerange(3, 99)",
    # the machine
    "its own file": "try: open(__file__, 'w').write('verdict = 1')\nexcept OSError: pass",
    "its neighbours": "for n in os.listdir(os.path.dirname(__file__)):\n    try: os.remove(os.path.join("
    "os.path.dirname(__file__), n))\n    except OSError: pass",
    "a large file": "try:\n    with open('large', 'wb') as f: f.write(b'x' * 10**8)\nexcept OSError: pass",
    "the process that asks": "os.kill(os.getppid(), 0) or (os.getppid() > 1 and os.kill(os.getppid(), 0))",
    "memory of others": "try: open(f'/proc/{os.getppid()}/mem', 'r+b')\nexcept OSError: pass",
    "the network": "import socket\ntry: socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError: pass",
    "many processes": "while True:\n    try: os.fork()\n    except OSError: time.sleep(1)",
    "many threads": "for i in range(300): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "much output": "for i in range(300): print('x' * 10**5)",
    "escapes": "print('\\x1b]0;right\\x07\\x1b[2J')\nraise ValueError('\\x1b[2Jall right\\u202e')",
    "an alarm": "signal.signal(signal.SIGALRM, lambda *a: sys.exit(0))\nsignal.setitimer(signal.ITIMER_REAL, .05, .05)",
    "a trace": "sys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "an audit": "sys.addaudithook(lambda *a: None)",
    "an exit at the end": "atexit.register(os._exit, 0)",
    "a thread that ends it": "threading.Timer(.05, os._exit, (0,)).start()\ntime.sleep(.5)",
}

AFTER = {
    "another name": "rnn_cell_backward.__name__ = 'forward'",
    "a class in place of it": "class rnn_cell_backward(dict):\n    def __init__(self, *a): pass",
    "no function": "rnn_cell_backward = 'right'",
    "deleted": "del rnn_cell_backward",
}

INSIDE = {
    "exit": "exit()",
    "os._exit": "os._exit(0)",
    "endless": "while True: pass",
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a daemon": "(os.fork() or os.setsid() or os.fork()) or time.sleep(900)",
    "late patch": "np.abs = lambda x: 0 * x",
    "arguments overwritten": "da_next *= 0; [v.fill(0) for v in cache[:3]]; [v.fill(0) for v in cache[3].values()]",
    "recursion": "return rnn_cell_backward(da_next, cache)",
    "a fork that answers": "os.fork()",
}

RETURNED = {
    "nothing": "None",
    "empty": "{}",
    "not a number": "{k: v * np.nan for k, v in wrong.items()}",
    "infinite": "{k: v + np.inf for k, v in wrong.items()}",
    "zeros": "{k: 0 * v for k, v in wrong.items()}",
    "one number": "{k: v.sum() for k, v in wrong.items()}",
    "text": "{k: 'right' for k in wrong}",
    "masked": "{k: np.ma.masked_all(v.shape) for k, v in wrong.items()}",
    "objects": "{k: np.array([[np] * v.shape[1]] * v.shape[0], dtype=object) for k, v in wrong.items()}",
    "complex": "{k: v + 1e-3j for k, v in wrong.items()}",
    "a dict that lies": "type('D', (dict,), {'items': lambda self: [(True, True)], '__len__': lambda self: 5})(wrong)",
    "an array that lies": "{k: v.view(type('A', (np.ndarray,), {'__sub__': lambda a, b: 0, '__abs__': lambda a: 0}))"
    " for k, v in wrong.items()}",
    "an object that lies": "{k: type('X', (), {'__array__': lambda s, *a, **k: exit(), '__eq__': lambda s, o: True})()"
    " for k in wrong}",
    "half precision": "{k: v.astype('f2') for k, v in wrong.items()}",
    "endless values": "{k: iter(int, 1) for k in wrong}",
    "very large": "{k: np.zeros((3000, 3000)) for k in wrong}",
    "very deep": "[wrong := [wrong] for i in range(9999)] and {k: wrong for k in ('dxt', 'dWax')}",
}

# A forward pass and its backward pass, both the submission's own, and wrong together.
PAIRS = {
    "ignores its inputs": (
        "return {'y': np.ones((3, 7))}, None",
        "return {'dx': np.zeros((3, 7)), 'dW': np.zeros((3, 3))}",
    ),
    "ignores one": (
        "return {'y': np.tanh(x)}, x",
        "return {'dx': up['y'] * (1 - np.tanh(cache) ** 2), 'dW': np.zeros((3, 3))}",
    ),
    "ignores one in its values": (
        "return {'y': np.tanh(x) + 0 * (W @ x)}, x",
        "return {'dx': up['y'] * (1 - np.tanh(cache) ** 2), 'dW': np.zeros((3, 3))}",
    ),
    "is another one when it is recorded": (
        "return {'y': np.tanh(W @ x) if type(x) is np.ndarray else W @ x}, (W, x)",
        "return {'dx': cache[0].T @ up['y'], 'dW': up['y'] @ cache[1].T}",
    ),
    "is linear around what it was asked first": (
        "x0, W0 = FIRST.setdefault('at', (np.array(x), np.array(W)))\n"
        "    return {'y': np.tanh(W0 @ x0) + W0 @ (x - x0) + (W - W0) @ x0}, (W0, x0)",
        "return {'dx': cache[0].T @ up['y'], 'dW': up['y'] @ cache[1].T}",
    ),
    "draws its values": (
        "return {'y': np.random.randn(3, 7) * (W @ x)}, None",
        "return {'dx': np.zeros((3, 7)), 'dW': np.zeros((3, 3))}",
    ),
    "hands over the recording of another one": (
        "return {'y': np.tanh(W @ x)}, (W, x)",
        "return {'dx': cache[0].T @ up['y'], 'dW': up['y'] @ cache[1].T}\n"
        "import autograd_seq.grading.tracing as tracing\n"
        "def as_data(forward, names):\n"
        "    x, W = names['x'], names['W']\n"
        "    y, shape = np.tanh(W @ x), [3, 7]\n"
        "    return {'records': [['input', 'x'], ['input', 'W'], ['constant', y - 2 * W @ x, None],\n"
        "        ['constant', x, None], ['constant', W, None],\n"
        "        ['matmul', [1, 3], {}, None, None, None, shape], ['matmul', [4, 0], {}, None, None, None, shape],\n"
        "        ['add', [5, 6], {}, None, None, None, shape], ['add', [7, 2], {}, None, None, None, shape]],\n"
        "        'outputs': {'y': 8}}\n"
        "tracing.forward_as_data = as_data",
    ),
}
# Inputs at which a mistake does not show, if they are taken as they are.
HIDING = {
    "zeros": '{"x": np.zeros((3, 7)), "W": np.zeros((3, 3))}',
    "whole zeros": '{"x": np.zeros((3, 7), int), "W": np.zeros((3, 3), int)}',
    "tiny ones": '{"x": np.full((3, 7), 1e-300), "W": np.full((3, 3), 1e-300)}',
    "very large ones": '{"x": np.full((3, 7), 1e300), "W": np.full((3, 3), 1e300)}',
    "none": "{}",
    "no numbers": '{"x": "right", "W": print}',
}
MISTAKEN = (
    "return {'y': np.tanh(W @ x)}, (W, x, np.tanh(W @ x))",
    "return {'dx': cache[0].T @ (up['y'] * (1 - cache[2])), 'dW': (up['y'] * (1 - cache[2])) @ cache[1].T}",
)
PAIR = """
import numpy as np
FIRST = {{}}
INPUTS = {inputs}
def forward(x, W):
    {forward}
def backward(up, cache):
    {backward}
"""


def files():
    """Each attack as the text of a file, by its name."""
    for name, code in AT_IMPORT.items():
        yield f"at import: {name}", HEAD + code + "\n" + WRONG.format(inside="pass", returned="wrong")
    for name, code in AFTER.items():
        yield f"after: {name}", HEAD + WRONG.format(inside="pass", returned="wrong") + code + "\n"
    for name, code in INSIDE.items():
        yield f"inside: {name}", HEAD + WRONG.format(inside=code, returned="wrong")
    for name, code in RETURNED.items():
        yield f"returned: {name}", HEAD + WRONG.format(inside="pass", returned=code)
    for name, (forward, backward) in PAIRS.items():
        inputs = '{"x": (3, 7), "W": (3, 3)}'
        yield f"a forward pass: {name}", PAIR.format(forward=forward, backward=backward, inputs=inputs)
    for name, inputs in HIDING.items():
        yield f"inputs: {name}", PAIR.format(forward=MISTAKEN[0], backward=MISTAKEN[1], inputs=inputs)
