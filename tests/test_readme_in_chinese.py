"""README.zh-CN.md is a translation of README.md as it is now: sections, code, commands and links."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
spec = importlib.util.spec_from_file_location("readme_in_chinese", ROOT / "docs" / "readme_in_chinese.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test_it_is_up_to_date():
    assert tool.gaps(*PAGES) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Ten lines", "## Ten lines\n\nMore.", "has changed since it was translated"),
        ("a = name(np.tanh(W @ a), \"a\")", "a = np.tanh(W @ a)", "a block is not there"),
        ("`autograd-seq print lstm`", "`autograd-seq print gru`", "code is not there"),
        ("(docs/files.md)", "(docs/file.md)", "a link is not there"),
        ("### Proofs", "Proofs", "sections"),
    ],
)
def test_a_change_of_the_english_page_is_seen(old, new, said):
    english, chinese = PAGES
    assert old in english
    assert any(said in gap for gap in tool.gaps(english.replace(old, new), chinese))


def test_marks_are_made_again_as_they_are():
    assert tool.marked(*PAGES) == PAGES[1]
