"""``python -m autograd_seq.commands``: the command line."""

import sys

from autograd_seq.commands import main

if __name__ == "__main__":
    sys.exit(main())
