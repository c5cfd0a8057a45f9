"""Ctrl-C at any point of a program: a KeyboardInterrupt where the n-th line, or instruction, is about to run."""

import sys
from contextlib import suppress


class Interrupted:
    """Raise a KeyboardInterrupt at the n-th step that is made in some files.

    Parameters
    ----------
    at : int
        The step, from 1.
    files : iterable of str
        The files whose steps count.
    opcodes : bool
        Whether a step is one instruction of Python's machine; a line otherwise.
    """

    def __init__(self, at, files, opcodes=False):
        self.at, self.files, self.opcodes, self.steps = at, set(files), opcodes, 0

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    @property
    def reached(self):
        """Whether there were so many steps."""
        return self.steps >= self.at

    def trace(self, frame, event, _):
        if frame.f_code.co_filename not in self.files:
            return None
        frame.f_trace_opcodes = self.opcodes
        if event == ("opcode" if self.opcodes else "line"):
            self.steps += 1
            if self.steps == self.at:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.trace


def at_every_step(work, files, opcodes=False, stride=1, prepare=lambda: ()):
    """Interrupt `work` at its first step, then its second, and so on until it ends; yields whether it was.

    Each time it is given anew what `prepare` returns, which is not interrupted.
    """
    at = 1
    while True:
        given = prepare()
        with Interrupted(at, files, opcodes) as interrupted, suppress(KeyboardInterrupt):
            work(*given)
        yield interrupted.reached
        if not interrupted.reached:
            return
        at += stride
