"""The page about one's own code is true: its blocks run, and print what stands below them."""

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "own_code.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run_page():
    """What each text block says, and what the blocks of code before it print."""
    namespace, printed = {}, io.StringIO()
    for number, (language, block) in enumerate(BLOCKS):
        if language == "python":
            with contextlib.redirect_stdout(printed):
                exec(compile(block, f"<own_code.md {number}>", "exec"), namespace)
        else:
            yield block.rstrip(), printed.getvalue().rstrip()
            printed = io.StringIO()


def test_blocks_print_what_stands_below_them():
    pairs = list(run_page())
    assert len(pairs) == 5
    for said, printed in pairs:
        assert printed == said
