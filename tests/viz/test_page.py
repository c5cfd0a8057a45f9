"""The stepping page: its data against the engine, its text against injection, itself in a browser."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, concatenate, contributions, differentiate, name, sigmoid, steps, tanh
from autograd_seq.core.errors import AutogradError, ShapeError
from autograd_seq.folding.steps import scopes
from cells import LSTM, RNN, Readout
from tests.browser import chromium, complaints
from viz.page import Page, step_through
from viz.page_order import in_steps

HOSTILE = [
    "<script>alert(1)</script>", "</script><script>window.broken=1</script>", "<!--", "]]>", '"\'&', "a\nb",
    "名前", "<img src=x onerror=window.broken=1>", "x" * 10_000, "\u2028", "${broken}", "{{script}}",
]  # fmt: skip


def unrolled(T=3, cell=None, n_x=3, n_a=4, m=2, n_y=2, seed=0):
    rng = np.random.default_rng(seed)
    run = (cell or LSTM(n_x, n_a, seed=seed + 1)).unroll(rng.standard_normal((n_x, m, T)))
    Readout(n_a, n_y, seed=seed + 2)(run)
    run.measure(list(rng.random((T, n_y, m))), lambda p, y: (p - y) * (p - y))
    return run


def model_of(page: Page):
    return json.loads(re.search(r'<script type="application/json" id="model">(.*?)</script>', page.html, re.S)[1])


def said(model, r):
    arrow, base, below, above = model["records"][r]["n"]
    return arrow + base + (below and "_" + below) + above


def record_numbers(model, graph):
    """The page's number for each record, in the order in which both list them."""
    from autograd_seq.folding.literal import is_literal

    records = [record for record in graph if not is_literal(record)]
    assert len(records) == len(model["records"])
    return records


def test_every_record_is_there_with_its_value_and_adjoint():
    run = unrolled()
    model = model_of(step_through(run))
    recording = differentiate(run.loss)
    for record, entry in zip(record_numbers(model, run.graph), model["records"], strict=True):
        assert entry["N"] == pytest.approx(np.linalg.norm(record.value), rel=1e-3)
        assert tuple(entry["s"]) == record.shape
        shown = np.array(entry["v"], dtype=float)
        if record.ndim == 2 and record.size <= 24:
            np.testing.assert_allclose(shown, record.value[: shown.shape[0], : shown.shape[1]], rtol=1e-3)
        if record in recording.adjoints:
            adjoint = recording.adjoints[record].value
            assert entry["A"] == pytest.approx(np.linalg.norm(adjoint), rel=1e-3, abs=1e-12)
        else:
            assert "A" not in entry


def test_the_walk_meets_every_operation_once_inputs_first_and_comes_back_the_same_way():
    run = unrolled(T=4)
    model = model_of(step_through(run.loss))
    records = record_numbers(model, run.graph)
    operations = {i for i, record in enumerate(records) if record.operation is not None}
    assert sorted(model["forward"]) == sorted(operations)
    place = {r: i for i, r in enumerate(model["forward"])}
    numbers = {record: i for i, record in enumerate(records)}
    for r in model["forward"]:
        assert all(place[numbers[x]] < place[r] for x in records[r].inputs if numbers.get(x) in place)
    with_adjoint = [r for r in model["forward"] if "A" in model["records"][r]]
    assert model["backward"] == with_adjoint[::-1]
    assert model["marks"][0] == 0 and model["marks"][-1] == len(model["forward"]) + len(model["backward"])
    assert model["marks"] == sorted(set(model["marks"]))


def test_a_step_is_walked_through_with_its_readout_and_loss():
    groups = in_steps(unrolled(T=3).graph)
    names = [{record.name for record in group if record.name} for group in groups]
    assert len(groups) == 4
    for step in names[:3]:
        assert {"Gamma_f", "c", "a", "y_hat", "L"} <= step
    assert names[3] == {"J"}


def test_directions_are_walked_through_one_after_the_other():
    from autograd_seq import scope

    W, x = Parameter(0.5, "W"), [Tensor(float(t + 1), "x") for t in range(3)]
    ahead, back = [Tensor(0.0)], [Tensor(0.0)]
    with scope(direction="forward"):
        for t in steps(3):
            ahead.append(name(tanh(W * ahead[-1] + x[t]), "a"))
    with scope(direction="backward"):
        for t in steps(3, reverse=True):
            back.append(name(tanh(W * back[-1] + x[t]), "a"))
    outputs = []
    for t in steps(3):
        outputs.append(name(ahead[t + 1] + back[3 - t], "y"))
    loss = outputs[0] + outputs[1] + outputs[2]
    seen, graph = set(), loss.graph
    for group in in_steps(graph):
        assert len({(scopes(graph)[r].direction, scopes(graph)[r].time) for r in group}) == 1
        for record in group:
            assert all(x in seen for x in record.inputs if x.operation is not None)
            seen.add(record)
    assert len(seen) == sum(record.operation is not None for record in graph)


def test_the_gradient_of_a_parameter_grows_by_the_engines_contributions():
    run = unrolled(T=3)
    model = model_of(step_through(run))
    records = record_numbers(model, run.graph)
    learned = {said(model, p["r"]): p for p in model["parameters"]}
    assert {"W_f", "b_o", "W_ya"} <= set(learned) and len(learned) == 10
    for parameter in model["parameters"]:
        parts = contributions(run.loss, records[parameter["r"]])
        assert [part["p"] for part in parameter["parts"]] == ["t = 3", "t = 2", "t = 1"]
        total = 0
        for part, t in zip(parameter["parts"], (3, 2, 1), strict=True):
            total = total + parts[None, None, t]
            assert part["N"] == pytest.approx(np.linalg.norm(parts[None, None, t]), rel=1e-3, abs=1e-12)
            assert part["T"] == pytest.approx(np.linalg.norm(total), rel=1e-3, abs=1e-12)
        arrivals = [part["at"] for part in parameter["parts"]]
        assert arrivals == sorted(arrivals) and arrivals[-1] <= len(model["backward"])


def test_a_contribution_arrives_when_the_last_of_its_uses_has_been_met():
    W, Wx = Parameter([[0.3]], "Waa"), Parameter([[0.7]], "Wax")
    stacked = concatenate([W, Wx], axis=1)
    a = Tensor([[0.1]], "a")
    for t in steps(3):
        a = name(tanh(stacked @ concatenate([a, Tensor([[1.0 + t]])])), "a")
    model = model_of(step_through(a.sum()))
    parameter = next(p for p in model["parameters"] if said(model, p["r"]) == "W_aa")
    assert [p["p"] for p in parameter["parts"]] == ["t = 3", "t = 2", "t = 1"]
    for part, t in zip(parameter["parts"], (3, 2, 1), strict=True):
        met = model["records"][model["backward"][part["at"] - 1]]
        assert model["places"][met["p"]] == f"time step {t}"


def test_what_an_adjoint_gives_adds_up_to_the_adjoints_before_it():
    """The norms of single uses are those of the recorded sweep."""
    x = Tensor([[0.3, -0.2], [0.5, 0.9], [0.1, 0.4]], "x", requires_grad=True)
    y = name(sigmoid(x), "y")
    weights = np.random.default_rng(3).standard_normal((3, 2))
    model = model_of(step_through(y, gradient=weights))
    entry = next(e for e in model["records"] if e["n"][1] == "y")
    slope = y.value * (1 - y.value)
    (target, norm, (template, refs)), = entry["d"]
    assert said(model, target) == "x"
    assert norm == pytest.approx(np.linalg.norm(weights * slope), rel=1e-3)
    text = model["formulas"][template]["t"]
    named = {said(model, r) if r >= 0 else "d" + said(model, -1 - r) for r in refs}
    assert named == {"y", "dy"} and "1" in text


def test_formulas_are_shared_by_equal_steps():
    few, many = model_of(step_through(unrolled(T=3))), model_of(step_through(unrolled(T=9)))
    assert abs(len(many["formulas"]) - len(few["formulas"])) <= 1  # only the sum of the losses grows


def test_fifty_steps_of_an_lstm_stay_under_two_megabytes():
    for n_a, m in ((4, 8), (64, 2)):
        page = step_through(unrolled(T=50, cell=LSTM(3, n_a, seed=1), n_a=n_a, m=m))
        assert len(page.html.encode()) < 2_000_000
        model = model_of(page)
        assert len(model["marks"]) == 2 * 51 + 1


def test_without_anything_to_differentiate_there_is_a_forward_page():
    states = RNN(3, 4, seed=0).unroll(np.ones((3, 2, 3)))
    for thing in (states, states.graph, tanh(Tensor([1.0], "x")), LSTM(3, 4, seed=0)):
        model = model_of(step_through(thing))
        assert model["backward"] == [] and model["forward"] and model["parameters"] == []


def test_without_latex2mathml_formulas_are_text(monkeypatch):
    pytest.importorskip("latex2mathml")
    run = unrolled()
    with_mathml = model_of(step_through(run))
    assert all("m" in template for template in with_mathml["formulas"])
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    text_only = model_of(step_through(run))
    assert [template["t"] for template in text_only["formulas"]] == [t["t"] for t in with_mathml["formulas"]]
    assert not any("m" in template for template in text_only["formulas"])


def test_mathml_is_data_of_known_elements(monkeypatch):
    """Whatever an operation's LaTeX brings, no element gets in but mathematics."""
    pytest.importorskip("latex2mathml")
    from latex2mathml import converter

    monkeypatch.setattr(converter, "convert", lambda latex: "<math><script>alert(1)</script></math>")
    assert not any("m" in template for template in model_of(step_through(unrolled()))["formulas"])


def test_not_a_number_and_infinity_can_be_shown():
    x = Tensor([1.0, np.nan, np.inf, -np.inf], "x", requires_grad=True)
    with np.errstate(all="ignore"):
        model = model_of(step_through((x * 2).sum()))
    entry = next(e for e in model["records"] if e["n"][1] == "x")
    assert entry["v"] == [[1, "NaN", "∞", "−∞"]] and entry["N"] == "NaN"


def test_what_cannot_be_stepped_through_is_refused():
    with pytest.raises(AutogradError, match="step_through"):
        step_through([1, 2, 3])
    with pytest.raises(ShapeError):
        step_through(Parameter([1.0, 2.0], "p") * 2, gradient=[1.0])


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def tags(page: Page):
    parser = Elements()
    parser.feed(page.html)
    return parser.tags


def hostile_page(word: str) -> Page:
    x, W = Tensor([[0.5]], word), Parameter([[0.3]], word)
    y = name(tanh(W @ x), word)
    for t in steps(2):
        y = name(tanh(W @ y), word)
    return step_through(y.sum(), title=word)


@pytest.mark.parametrize("word", HOSTILE, ids=lambda w: ascii(w[:24]))
def test_hostile_names_stay_text(word):
    harmless, page = hostile_page("q"), hostile_page(word)
    assert [tag for tag, _ in tags(page) if tag not in ("tspan", "text")] == [
        tag for tag, _ in tags(harmless) if tag not in ("tspan", "text")
    ]
    assert not any(key.startswith("on") for _, attributes in tags(page) for key in attributes)
    model = model_of(page)
    assert any(word[:40] in "".join(entry["n"]) or entry["n"][1].strip("%").isdigit() for entry in model["records"])
    assert len(page.html) < 400_000


def test_nothing_is_fetched_and_only_the_pages_own_script_may_run():
    page = step_through(unrolled())
    for tag, attributes in tags(page):
        assert not {"src", "srcset", "data"} & set(attributes), tag
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for tag, a in tags(page) if tag == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy.split("script-src")[1]
    assert "url(http" not in page.html and "@import" not in page.html


def test_a_notebook_shows_it_in_a_frame_of_its_own():
    shown = step_through(unrolled())._repr_html_()
    assert shown.startswith("<iframe sandbox=") and "<script" not in shown
    assert len(re.findall("<", shown)) == 2


# -- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    step_through(unrolled(), path)
    return path


@pytest.fixture(scope="module")
def browser(page_file, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("desktop")) as driver:
        yield driver


@pytest.fixture
def opened(browser, page_file):
    browser.get(page_file.as_uri())
    yield browser
    assert complaints(browser) == []


def press(driver, *keys):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def held(driver, modifier, key):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).key_down(modifier).send_keys(key).key_up(modifier).perform()


def one(driver, selector):
    from selenium.webdriver.common.by import By

    return driver.find_element(By.CSS_SELECTOR, selector)


def each(driver, selector):
    from selenium.webdriver.common.by import By

    return driver.find_elements(By.CSS_SELECTOR, selector)


def at(driver):
    return int(one(driver, "#slider").get_property("value"))


def box(driver, model, text):
    """The element of the box whose record is called `text`."""
    for entry in model["boxes"]:
        if entry["r"] >= 0 and said(model, entry["r"]) == text:
            return one(driver, "#" + entry["i"])
    raise LookupError(text)


def lit(driver, kind):
    return {element.get_attribute("id") for element in each(driver, f".box.{kind}")}


@pytest.mark.browser
def test_keys_step_forward_and_back(opened, page_file):
    from selenium.webdriver.common.keys import Keys

    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    steps_forward, end = len(model["forward"]), len(model["forward"]) + len(model["backward"])
    assert at(opened) == 0 and not lit(opened, "has-a")
    leaves = lit(opened, "has-v")
    press(opened, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert at(opened) == 1 and "Forward 1 of" in one(opened, "#status").text
    held(opened, Keys.SHIFT, Keys.ARROW_RIGHT)
    assert at(opened) == model["marks"][1]
    first_step = lit(opened, "has-v")
    assert leaves < first_step
    entries = [(b["i"], model["records"][b["r"]]) for b in model["boxes"] if b["r"] >= 0]
    wanted = {i for i, entry in entries if model["places"][entry.get("p", 0)].startswith("time step 1")}
    assert first_step - leaves == wanted - leaves
    press(opened, Keys.END)
    assert at(opened) == end and "Backward" in one(opened, "#status").text
    assert lit(opened, "has-a") == {b["i"] for b in model["boxes"] if b["r"] >= 0 and "A" in model["records"][b["r"]]}
    press(opened, Keys.HOME)
    assert at(opened) == 0 and lit(opened, "has-v") == leaves and not lit(opened, "has-a")
    opened.execute_script("document.getElementById('slider').value = arguments[0];"
                          "document.getElementById('slider').dispatchEvent(new Event('input'))", steps_forward + 1)
    assert lit(opened, "has-a") == {box(opened, model, "J").get_attribute("id")}


@pytest.mark.browser
def test_buttons_and_time_steps_by_mouse(opened, page_file):
    from selenium.webdriver.support.ui import Select

    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    one(opened, "#next").click()
    assert at(opened) == 1
    Select(one(opened, "#unit")).select_by_value("step")
    for mark in model["marks"][1:]:
        one(opened, "#next").click()
        assert at(opened) == mark
    one(opened, "#back").click()
    assert at(opened) == model["marks"][-2]
    one(opened, "#first").click()
    Select(one(opened, "#speed")).select_by_value("180")
    one(opened, "#play").click()
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(opened, 20).until(lambda d: at(d) == model["marks"][-1])
    WebDriverWait(opened, 20).until(lambda d: "Play" in one(d, "#play").text)


@pytest.mark.browser
def test_hover_shows_value_adjoint_formula_and_line(opened, page_file):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    press(opened, Keys.END)
    target = box(opened, model, "c⟨2⟩")
    ActionChains(opened).move_to_element(target).perform()
    shown = one(opened, "#inspector")
    record = next(e for e in model["records"] if e["n"] == ["", "c", "", "⟨2⟩"])
    assert one(opened, "#inspector h2").text.replace("\n", "").startswith("c")
    assert f"norm {record['N']}" in shown.text and f"norm {record['A']}" in shown.text
    assert "time step 2" in shown.text and "lstm.py:" in shown.text
    assert "∘" in one(opened, "#inspector .formula").get_attribute("textContent")
    assert each(opened, "#inspector .gives li")
    ActionChains(opened).move_to_element(box(opened, model, "x⟨1⟩")).perform()
    assert one(opened, "#inspector h2").text.startswith("x")
    target.click()  # a click keeps it
    ActionChains(opened).move_to_element(box(opened, model, "x⟨1⟩")).perform()
    assert one(opened, "#inspector h2").text.startswith("c")


@pytest.mark.browser
def test_a_click_on_a_parameter_shows_its_gradient_growing(opened, page_file):
    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    chip = next(e for e in each(opened, "#chips button") if e.text.replace("\n", "").startswith("Wf"))
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    parameter = next(p for p in model["parameters"] if said(model, p["r"]) == "W_f")
    assert len(each(opened, ".bars button")) == 3 and not each(opened, ".bars .in")
    for k, part in enumerate(parameter["parts"], start=1):
        one(opened, "#contribution").click()
        assert at(opened) == len(model["forward"]) + part["at"]
        assert len(each(opened, ".bars .in")) == k
        words = one(opened, "#growth p").text
        assert f"{k} of 3 contributions, norm {part['T']}" in words.replace("\n", "")
        assert opened.switch_to.active_element.get_attribute("id") == "contribution"


@pytest.mark.browser
def test_the_keyboard_alone_reaches_every_box_and_control(opened, page_file):
    from selenium.webdriver.common.keys import Keys

    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    reached = []
    for _ in range(40):
        press(opened, Keys.TAB)
        reached.append(opened.execute_script("const e = document.activeElement; return e.id || e.tagName"))
        if reached[-1] == "play":
            break
    assert reached[-1] == "play" and "slider" in reached
    assert sum(r in {b["i"] for b in model["boxes"]} for r in reached) == 1  # one stop for the whole picture
    opened.execute_script("document.querySelector('.box[tabindex=\"0\"]').focus()")
    seen = {opened.switch_to.active_element.get_attribute("id")}
    for _ in model["boxes"]:
        press(opened, Keys.ARROW_DOWN)
        seen.add(opened.switch_to.active_element.get_attribute("id"))
    assert seen == {b["i"] for b in model["boxes"] if b["r"] >= 0}
    press(opened, Keys.ENTER)
    assert one(opened, "#inspector h2").text.startswith("J")
    press(opened, Keys.SPACE)
    assert "Pause" in one(opened, "#play").text
    press(opened, Keys.SPACE)
    assert "Play" in one(opened, "#play").text


@pytest.mark.browser
def test_a_screen_reader_is_told(opened, page_file):
    from selenium.webdriver.common.keys import Keys

    model = model_of(Page(page_file.read_text(encoding="utf-8")))
    press(opened, Keys.END)
    gate = box(opened, model, "Γ_f⟨2⟩")
    record = next(e for e in model["records"] if e["y"] == "Gamma f, time step 2")
    assert gate.get_attribute("role") == "button"
    assert gate.get_attribute("aria-label") == (
        f"Gamma f, time step 2; value of norm {record['N']}; adjoint of norm {record['A']}"
    )
    status = one(opened, "#status")
    assert status.get_attribute("role") == "status" and status.get_attribute("aria-live") == "polite"
    assert "Backward" in one(opened, "#slider").get_attribute("aria-valuetext")
    for control in each(opened, "button, input, select, svg, section, aside"):
        spoken = control.get_attribute("aria-label") or control.get_attribute("aria-labelledby") or ""
        spoken += control.get_property("textContent")
        assert spoken.strip(), control.get_attribute("outerHTML")[:80]


@pytest.mark.browser
def test_it_is_usable_on_a_phone(page_file, tmp_path):
    with chromium(tmp_path, 390, 844, dark=True, touch=True) as driver:
        driver.get(page_file.as_uri())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
        for button in each(driver, ".buttons button, .buttons select"):
            assert not button.is_displayed() or (button.size["height"] >= 44 and button.size["width"] >= 30)
        one(driver, "#next").click()
        assert at(driver) == 1
        model = model_of(Page(page_file.read_text(encoding="utf-8")))
        target = box(driver, model, "a⟨1⟩")
        driver.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", target)
        target.click()
        assert one(driver, "#inspector h2").text.startswith("a")
        assert complaints(driver) == []


@pytest.mark.browser
def test_long_sequences_boxes_for_folds_and_nothing_to_differentiate_run_too(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    many = Tensor(1.0, "s")
    W = Parameter(0.9, "W")
    for t in steps(700):
        many = name(W * many, "s")
    pages = {
        "long": step_through(many), "forward": step_through(RNN(3, 4, seed=0).unroll(np.ones((3, 2, 4)))),
        "leaf": step_through(Tensor([1.0, 2.0], "x")), "untimed": step_through((W * 3.0) * W),
    }  # fmt: skip
    for title, page in pages.items():
        browser.get(page.save(tmp_path / f"{title}.html").as_uri())
        press(browser, Keys.END, Keys.ARROW_LEFT, Keys.HOME, Keys.ARROW_RIGHT)
        for element in each(browser, "#chips button"):
            element.click()
        assert complaints(browser) == [], title


@pytest.mark.browser
def test_hostile_names_do_nothing_in_a_browser(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    for i, word in enumerate(HOSTILE):
        path = hostile_page(word).save(tmp_path / f"{i}.html")
        browser.get(path.as_uri())
        press(browser, Keys.END)
        each(browser, "#chips button")[0].click()
        press(browser, Keys.ARROW_LEFT)
        assert browser.execute_script("return window.broken") is None
        assert complaints(browser) == []
        assert at(browser) > 0
