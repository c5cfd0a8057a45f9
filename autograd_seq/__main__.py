"""``python -m autograd_seq``: the command line, where its script is not on the PATH."""

import sys

from autograd_seq.commands import main

if __name__ == "__main__":
    sys.exit(main())
