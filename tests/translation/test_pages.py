"""Pages in the reader's language: what is ours is translated, what is a user's stays, and nothing becomes markup."""

import html
import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from browser import chromium, complaints
from speaking import chinese

import autograd_seq
from autograd_seq import Parameter, derive, equations, name, prove, steps, tanh
from autograd_seq.readings.display import bundle
from autograd_seq.translation import reader
from viz import draw, step_through
from viz.opening import open_modules
from viz.page_words import said_by, table_for
from viz.units import paint

ASSETS = Path(__file__).parents[2] / "viz" / "assets"
EVIL = "</script><script>alert('x')</script>\"&"
WORDS = {
    "Skip the picture": "跳过图片", "speed": "速度", "Keys": "按键", "play or pause": "播放或暂停",
    "Step through {name}: forward, then backward": "逐步查看 {name}：前向，然后反向",
    "norm {0}": "范数 {0}", "no value yet": "还没有值",
    "{0}: none of {1} contributions met yet": "{1} 份贡献中还没有 {0}",
    "Pause": "暂停" + EVIL, "loss": "损失", "value": "值", "time step {time}": "时间步 {time}", "Undo": "撤销",
    "saturate": "饱和", "forget gate": "遗忘门", "Click on a violet box to see its inside.": "点击紫色的框。",
    "Modules": "模块", "Inside {name}": "{name} 的内部", "close": "关闭",
    "Each box is one value: there is nothing to open.": "每个框只有一个值。",
    "Blue is negative, orange positive; point at a token for the value.": "蓝色为负，橙色为正。",
    "Forward": "前向", "Backward": "反向", "{title}: forward and backward": "{title}：前向和反向",
    "As a NumPy program": "NumPy 程序", "Equation": "方程", "Made by": "来源", "The graph of {title}": "{title} 的图",
    "What was proven": "证明了什么", "derivative by": "对其求导", "certificate": "证书", "full size": "原始大小",
    "stepping": "逐步", "Stepping page": "逐步页面",
}  # fmt: skip


def recorded(parameter="W", state="a"):
    W, a = Parameter([[0.5]], parameter), 1.0
    for _ in steps(3):
        a = name(tanh(W * a), state)
    return name(a.sum(), "loss")


def model_of(page):
    return json.loads(re.search(r'id="model">(.*?)</script>', page, re.S)[1])


def words_of(page):
    return json.loads(re.search(r'id="words">(.*?)</script>', page, re.S)[1])


def test_an_english_page_carries_no_table(monkeypatch):
    with autograd_seq.language("en"):
        page = step_through(recorded(), live=True).html
    assert '<html lang="en">' in page and 'id="words"' not in page and "{{" not in page
    with chinese(monkeypatch, WORDS):
        assert table_for("say`norm ${x}`").count("范数") == 1
    assert table_for("say`norm ${x}`") == ""


def test_a_chinese_page_has_the_sentences_that_its_script_says_and_no_others(monkeypatch):
    with chinese(monkeypatch, WORDS):
        page = step_through(recorded()).html
    assert '<html lang="zh">' in page and "跳过图片" in page and "<summary>按键</summary>" in page
    assert words_of(page) == {k: WORDS[k] for k in words_of(page)}
    assert {"norm {0}", "Pause", "{0}: none of {1} contributions met yet"} < set(words_of(page))
    assert "Modules" not in words_of(page) and "Undo" not in words_of(page)
    assert "<title>逐步查看 loss：前向，然后反向</title>" in page  # loss is what somebody calls it, known word or not


def test_neither_a_translation_nor_a_name_becomes_markup(monkeypatch):
    with chinese(monkeypatch, WORDS):
        page = step_through(recorded(EVIL, "权重"), title=EVIL).html
        made = step_through(recorded("损失<b>")).html
    assert page.count("<script") == page.count("</script") == 3  # the model, the words, the program
    assert words_of(page)["Pause"] == "暂停" + EVIL and html.escape(EVIL) in page
    assert any(record["n"][1] == "权重" for record in model_of(page)["records"])
    assert "损失<b>" not in made.split('id="model"')[0]


def test_what_users_call_things_is_not_translated(monkeypatch):
    with chinese(monkeypatch, WORDS):
        data = model_of(step_through(recorded("value", "loss")).html)
    assert [record["n"][1] for record in data["records"] if record["n"][1] == "value"] == ["value"]
    assert data["records"][-1]["y"] == "loss"
    assert "时间步 1" in data["places"]


def test_every_sentence_of_a_script_is_marked_and_known_to_translators():
    pytest.importorskip("babel")
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from docs.translating.extract import NOT_SAID, all_messages
    from docs.translating.pages import forgotten_in

    programs = {"use strict", "state {0}", "state adjoint", "button, summary, a", "Escape", "the machine has no word",
                "(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"} | NOT_SAID  # fmt: skip
    known = {english for messages in all_messages().values() for english in messages}
    for path in sorted(ASSETS.glob("*.js")):
        script = path.read_text(encoding="utf-8")
        assert set(forgotten_in(script)) <= programs, path.name
        assert set(said_by(script)) <= known, path.name
        tagged = re.findall(r"\b(?:say|pieces)`", script)
        assert len(tagged) == len(re.findall(r"\b(?:say|pieces)`(?:[^`$]|\$(?!\{)|\$\{[^`}]*\})*`", script)), path.name
        assert not any("{{" in said for said in said_by(script))


def test_the_other_pages(monkeypatch, tmp_path):
    with chinese(monkeypatch, WORDS):
        modules = open_modules(recorded()).html
        paint(["a", "<b>"], [[0.5, -0.5]], tmp_path / "units.html", ["value"], title="loss")
        shown = step_through(recorded())._repr_html_()
        proof = bundle(prove(recorded()))["text/html"]
    units = (tmp_path / "units.html").read_text(encoding="utf-8")
    assert "<title>模块</title>" in modules and "每个框只有一个值。" in modules and 'lang="zh"' in modules
    assert "<title>loss</title>" in units and "蓝色为负，橙色为正。" in units and ">value<" in units
    assert 'title="逐步页面"' in shown
    assert "对其求导" in proof and "<summary>证书</summary>" in proof and "proven" in proof


def test_a_derivation_in_every_format(monkeypatch):
    loss = recorded("权重")
    document = derive(loss, title="loss", picture=lambda thing: draw(thing).svg, proof=prove)
    with chinese(monkeypatch, WORDS):
        page, markdown, latex, text = document.html, document.markdown, document.latex, document.text
        inline, prose = document._repr_html_(), str(equations(loss))
    assert "<h1>loss：前向和反向</h1>" in page and "<h2>前向</h2>" in page and "原始大小" in page
    assert 'lang="zh"' in page
    assert "loss：前向和反向" in inline and "方程" in inline
    assert markdown.startswith("# loss：前向和反向") and "| 方程 |" in markdown and "## 证明了什么" in markdown
    assert prose.startswith("前向\n") and "\n\n反向\n" in prose and text.startswith("loss\n\n前向")
    assert "proven" in page and "proven" in markdown and "proven" in latex
    for line in markdown.splitlines():
        if line.startswith("|---"):
            assert line.count("|") in (4, 5)
    assert "\\usepackage[UTF8]{ctex}" in latex and "\\text{权重}" in latex
    assert "\\section*{loss：前向和反向}" in latex and "\\subsection*{证明了什么}" in latex
    english = derive(recorded()).latex
    assert "ctex" not in english and english.isascii()


def test_a_chinese_name_alone_asks_for_a_chinese_font():
    latex = derive(recorded("权重")).latex
    assert latex.index("ctex") < latex.index("amsmath") < latex.index("\\begin{document}")
    assert not re.search(r"cjk|\\u6743", latex)


def test_a_thread_that_speaks_english_leaves_the_others_alone():
    began, done, heard = threading.Event(), threading.Event(), []

    def other():
        with reader.speaking_english():
            began.set()
            done.wait(10)
            heard.append(reader.current())

    with autograd_seq.language("zh"):
        thread = threading.Thread(target=other)
        thread.start()
        began.wait(10)
        assert reader.current() == "zh"
        with reader.speaking_english():
            assert reader.current() == "en"
        done.set()
        thread.join()
        assert heard == ["en"] and reader.current() == "zh"
    assert reader.chosen.name is None


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_the_page_in_chinese(width, tmp_path):
    from cells import LSTM

    run = LSTM(2, 3, seed=0).unroll(np.ones((2, 1, 3)))
    loss = name((run.final["a"] ** 2).sum(), "J")
    with autograd_seq.language("zh"):
        step_through(loss, tmp_path / "page.html", title=EVIL)
        step_through(loss, tmp_path / "live.html", live=True)
    with chromium(tmp_path, width) as driver:
        for file in ("page.html", "live.html"):
            driver.get((tmp_path / file).as_uri())
            driver.execute_script("page.go(3); page.choose(0); document.getElementById('play').click()")
            assert driver.execute_script("return document.documentElement.lang") == "zh"
            assert "前向 3" in driver.execute_script("return document.getElementById('status').textContent")
            assert re.search("[一-龥]", driver.execute_script("return document.getElementById('play').textContent"))
            if file == "page.html":
                assert driver.title == EVIL
            assert driver.execute_script("return document.body.scrollWidth <= innerWidth + 1")
            assert complaints(driver) == []
