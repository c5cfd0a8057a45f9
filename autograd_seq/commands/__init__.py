"""The command line: a thin face on public functions. The one room that may import everything.

`line` puts it together, `frame` declares commands, `things` finds what one is about, `ending` is how it ends (exit
codes, errors, JSON), `console` how it prints; each other file is a family of commands: their options, what they do.
"""

from autograd_seq.commands.line import main
from autograd_seq.commands.things import cells_by_name, example_run

__all__ = ["cells_by_name", "example_run", "main"]
