"""The command line: a thin face on public functions. The one room that may import everything.

`line` puts it together, `frame` is what all commands share, `things` finds what a command is about; each other file
is one family of commands: their options, and what they do with them.
"""

from autograd_seq.commands.line import main
from autograd_seq.commands.things import cells_by_name, example_run

__all__ = ["cells_by_name", "example_run", "main"]
