"""What a notebook is given, on a page that has tables, text and a style of its own."""

import base64
import re

import numpy as np
import pytest

import viz.notebook  # noqa: F401
from autograd_seq import derive, prove
from autograd_seq.readings.inline_html import with_own_ids
from cells import LSTM, Readout
from tests.browser import chromium
from viz import draw

FOREIGN = """
<h1>Foreign</h1><h2>heading</h2><p>Text with <code>code</code> and <a href="#x">a link</a></p><figure>figure</figure>
<table><thead><tr><th>a</th><th class="wide">b</th></tr></thead>
<tbody><tr><td class="node">1</td><td>2</td></tr></tbody></table>
<pre>pre</pre><div class="status proven">status</div><math><mi>x</mi></math><svg id="n0" width="10" height="10"></svg>
"""  # fmt: skip
STYLE = """
.nb td, .nb th, .nb tr { text-align: right; vertical-align: middle; padding: .5em; white-space: nowrap; border: none; }
.nb table { border-collapse: collapse; font-size: 12px; table-layout: fixed; margin-left: auto; }
.nb tbody tr:nth-child(even) { background: #f5f5f5; } .nb pre { white-space: pre; } .nb { max-width: 700px; }
"""
COMPUTED = """
return [...document.querySelectorAll("#foreign *")].map(e => {
  const s = getComputedStyle(e); return e.tagName + [...s].map(k => k + ":" + s[k]).join(";");
});
"""


@pytest.fixture(scope="module")
def outputs():
    run = Readout(4, 2, seed=1)(LSTM(3, 4, seed=0).unroll(np.random.default_rng(0).standard_normal((3, 2, 3))))
    run.measure(np.ones((2, 2, 3)), lambda p, y: (p - y) * (p - y))
    things = (derive(run, picture=draw, proof=prove), draw(run, view="overlay"), run, prove(run.loss))
    shown = [thing._repr_mimebundle_() if hasattr(thing, "_repr_mimebundle_") else {} for thing in things]
    shown[0] = {"text/html": things[0]._repr_html_()}
    return [bundle["text/html"] for bundle in shown]


def page(*outputs):
    return (
        f"<!DOCTYPE html><meta charset='utf-8'><style>{STYLE}</style><div class='nb'><div id='foreign'>{FOREIGN}</div>"
        + "".join(outputs) + "</div>"
    )  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("notebook")) as driver:
        yield driver


def load(browser, tmp_path, html):
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    browser.get((tmp_path / "page.html").as_uri())


def test_nothing_around_changes(browser, tmp_path, outputs):
    load(browser, tmp_path, page())
    before = browser.execute_script(COMPUTED)
    load(browser, tmp_path, page(*outputs))
    assert browser.execute_script(COMPUTED) == before and len(before) > 15


def test_what_is_shown_fits_its_column_and_opens_large(browser, tmp_path, outputs):
    load(browser, tmp_path, page(*outputs))
    width = "return document.querySelectorAll('figure svg')[1].getBoundingClientRect().width"
    assert 300 < browser.execute_script(width) <= 700
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    browser.find_elements("css selector", "input[type=checkbox]")[1].click()
    assert browser.execute_script(width) > 900
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_our_tables_read_from_the_left_and_wrap(browser, tmp_path, outputs):
    load(browser, tmp_path, page(*outputs))
    styles = browser.execute_script(
        "return [...document.querySelectorAll('.autograd-seq td:not(.node)')].map(e => getComputedStyle(e))"
        ".map(s => s.textAlign + ' ' + s.whiteSpace)"
    )
    assert set(styles) == {"left normal"} and len(styles) > 30
    widths = "return [...document.querySelectorAll('.wide')].map(e => e.getBoundingClientRect().width)"
    assert max(browser.execute_script(widths)) <= 700


def test_no_two_drawings_share_an_id_and_all_references_are_met(outputs):
    text = "".join(outputs)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) > 100
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))
    assert {a or b for a, b in used} <= set(ids)


def test_what_is_drawn_is_also_there_for_latex_without_a_program_that_makes_pdf_of_svg():
    """`nbconvert` makes PDF of every SVG that has none beside it, and asks for Inkscape to do so."""
    shown = draw(LSTM(3, 4, seed=0))._repr_mimebundle_()
    assert base64.b64decode(shown["application/pdf"]).startswith(b"%PDF")
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")


def test_references_to_several_ids_and_to_others_are_kept():
    svg = '<svg aria-labelledby="a b"><g id="a"/><g id="b" fill="url(#a)"/><a href="#b"/><a href="#elsewhere"/></svg>'
    own = with_own_ids(svg)
    (first,) = re.findall(r'<g id="([^"]+)a"', own)
    assert f'aria-labelledby="{first}a {first}b"' in own and f"url(#{first}a)" in own
    assert f'href="#{first}b"' in own and 'href="#elsewhere"' in own
