"""The live page in a browser: numbers changed by mouse, keyboard and touch, and everything that follows them."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, log, name, steps, tanh
from autograd_seq.commands.line import main
from autograd_seq.core.errors import UsageError
from autograd_seq.learning.optimisers import SGD
from autograd_seq.learning.training import Trainer
from autograd_seq.readings.live.element_text import BINARY, FUNCTIONS
from autograd_seq.readings.live.saying import REDUCING
from autograd_seq.readings.live.scalar_terms import ONE_OPERAND, RELATIONS
from cells import LSTM, RNN
from tests.browser import chromium, complaints
from tests.viz.test_page import HOSTILE, each, model_of, one, press, said, tags, unrolled
from viz import film, step_through


def live_page(thing, path):
    return step_through(thing, live=True).save(path)


# -- what the file says -------------------------------------------------------------------------


def test_an_lstm_of_twenty_steps_stays_under_one_megabyte():
    page = step_through(unrolled(T=20, cell=LSTM(3, 8, seed=1), n_a=8), live=True)
    assert len(page.html.encode()) < 1_000_000


def test_the_machine_has_every_word_that_recordings_are_told_in():
    script = (files("viz") / "assets" / "machine.js").read_text(encoding="utf-8")
    words = {*ONE_OPERAND, *RELATIONS.values(), *FUNCTIONS, *BINARY.values(), "maximum", "minimum", "select", "put"}
    words |= {f"reduce {word}" for word in REDUCING} | {"product"}
    assert {word for word in words if not re.search(rf'[\s{{]"?{word}"?: ', script)} == set()


def test_everything_that_can_be_wanted_to_change_can_be_changed():
    model = model_of(step_through(unrolled(), live=True))
    given = {said(model, r) for r in model["live"]["given"]}
    parameters = {said(model, p["r"]) for p in model["parameters"]}
    assert parameters < given and {"a⟨0⟩", "c⟨0⟩", "x⟨1⟩", "x⟨3⟩", "y⟨1⟩", "y⟨3⟩"} <= given


def test_a_page_that_is_not_live_carries_no_machine():
    page = step_through(unrolled())
    assert "live" not in model_of(page) and "Float64Array" not in page.html and 'id="live"' not in page.html


def test_nothing_is_fetched_and_one_script_runs_that_makes_no_code():
    page = step_through(unrolled(), live=True)
    policy = next(a["content"] for tag, a in tags(page) if tag == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy and policy.count("sha256-") == 1 and "unsafe-eval" not in policy
    assert sum(tag == "script" and a.get("type") is None for tag, a in tags(page)) == 1
    script = page.html.rpartition("<script>")[2]
    assert not re.search(r"\beval\(|new Function|innerHTML|setTimeout\(\s*[\"']", script)
    for tag, attributes in tags(page):
        assert not {"src", "srcset", "data"} & set(attributes), tag


def test_a_notebook_shows_it_in_a_frame_of_its_own():
    shown = step_through(unrolled(), live=True)._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts"') and len(re.findall("<", shown)) == 2


def presets_of(thing):
    return {preset["t"]: preset["a"] for preset in model_of(step_through(thing, live=True))["live"]["presets"]}


def test_presets_are_offered_where_they_apply():
    lstm, rnn = presets_of(unrolled(T=4)), presets_of(unrolled(cell=RNN(3, 4, seed=1)))
    assert {"close the forget gate at t = 3", "open the output gate at t = 3", "weights twice as large"} <= set(lstm)
    assert "identity recurrence" in rnn and not any("gate" in title for title in rnn)
    assert presets_of((Tensor([1.0, 2.0], "x") * 2).sum()) == {}


def test_the_identity_goes_where_the_state_comes_in():
    run = unrolled(T=3)
    model = model_of(step_through(run, live=True))
    (action,) = next(p["a"] for p in model["live"]["presets"] if p["t"] == "identity recurrence")
    word, r, positions, numbers = action
    assert word == "set" and said(model, r) == "W_c" and model["records"][r]["s"] == [4, 7]
    W = np.full(28, 9.0)
    W[positions] = numbers
    np.testing.assert_array_equal(W.reshape(4, 7), np.hstack([np.eye(4), np.full((4, 3), 9.0)]))


def test_an_operation_that_the_page_cannot_compute_is_named():
    x = Tensor([0.5, 1.5], "x", requires_grad=True)
    with pytest.raises(UsageError, match="a page cannot compute as_integer"):
        step_through((x.astype(int) * x).sum(), live=True)


def test_the_command_line_writes_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "rnn", "--live"]) == 0
    assert 'id="live"' in (tmp_path / "rnn.html").read_text(encoding="utf-8")
    assert main(["draw", "rnn", "--live", "-o", "rnn.svg"]) == 2
    assert ".html" in capsys.readouterr().err


class Line:
    """y = w x + b, to be fitted."""

    def __init__(self):
        self.parameters = {"w": Parameter([0.0], "w"), "b": Parameter([0.0], "b")}

    def loss(self, examples):
        x, y = np.array(examples).T
        wrong = self.parameters["w"] * Tensor(x, "x") + self.parameters["b"] - Tensor(y, "y")
        return name((wrong**2).sum(), "J")


EXAMPLES = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]


def trained(updates=20, **chosen):
    model = Line()
    trainer = Trainer(model, SGD(0.05), batch_size=3)
    kept = film(trainer, **chosen)
    trainer.fit(EXAMPLES, epochs=updates)
    return model, kept


def test_a_film_keeps_what_was_chosen():
    model, kept = trained(every=5)
    assert [frame.update for frame in kept.frames] == [0, 5, 10, 15, 20]
    assert kept.frames[0].loss is None and kept.frames[-1].loss < kept.frames[1].loss
    np.testing.assert_array_equal(kept.frames[0].values["w"], [0.0])
    np.testing.assert_array_equal(kept.frames[-1].values["w"], model.parameters["w"].value)
    assert [frame.update for frame in trained(at=[0, 1, 7])[1].frames] == [0, 1, 7]


def test_a_long_film_is_thinned_out():
    kept = trained(updates=200)[1]
    updates = [frame.update for frame in kept.frames]
    assert len(updates) <= 60 and updates[0] == 0 and updates[-1] >= 190 and len(set(np.diff(updates))) == 1


def test_a_film_of_another_model_is_refused():
    _, kept = trained()
    with pytest.raises(UsageError, match="another model"):
        step_through(Line().loss(EXAMPLES), film=kept)
    with pytest.raises(UsageError, match="takes a Trainer"):
        film(Line())
    with pytest.raises(UsageError, match="at least 1"):
        film(Trainer(Line(), SGD(0.1)), every=0)


# -- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    return live_page(unrolled(T=4), tmp_path_factory.mktemp("live") / "page.html")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("desktop"), 1280, 900) as driver:
        yield driver


@pytest.fixture
def opened(browser, page_file):
    browser.get(page_file.as_uri())
    yield browser
    assert complaints(browser) == []


def number(driver, words):
    """The field of one entry, by what a screen reader calls it."""
    return one(driver, f'table.editor input[aria-label="{words}"]')


def value(driver, words):
    """All numbers of a record, by its spoken name."""
    return np.array(driver.execute_script(
        "const r = page.M.records.findIndex((x) => x.y === arguments[0]);"
        "return Array.from({length: live.size(r)}, (_, k) => live.value(live.L.v[r], k))", words))  # fmt: skip


def adjoint(driver, words):
    return np.array(driver.execute_script(
        "const r = page.M.records.findIndex((x) => x.y === arguments[0]);"
        "return Array.from({length: live.size(r)}, (_, k) => live.value(live.L.a[r], k))", words))  # fmt: skip


def framed(driver):
    """Wait for the frame that is due."""
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def choose(driver, selector, words):
    from selenium.webdriver.support.ui import Select

    Select(one(driver, selector)).select_by_visible_text(words)
    framed(driver)


def loss(driver):
    return driver.execute_script("return live.loss()")


def loss_with(entry, x):
    """The loss of the same run, with one entry of W_f as it is given."""
    cell = LSTM(3, 4, seed=1)
    W = np.array(cell.parameters["Wf"].value)
    W[entry] = x
    cell.parameters["Wf"].value = W
    return unrolled(T=4, cell=cell).loss.item()


@pytest.mark.browser
def test_a_number_dragged_by_mouse(opened):
    from selenium.webdriver.common.action_chains import ActionChains

    assert loss(opened) == pytest.approx(unrolled(T=4).loss.item(), rel=1e-13)
    field = number(opened, "Wf, row 2, column 3")
    before = value(opened, "Wf")[9]
    ActionChains(opened).click_and_hold(field).move_by_offset(20, 0).move_by_offset(30, 3).release().perform()
    framed(opened)
    after = value(opened, "Wf")[9]
    assert after == pytest.approx(before + 50 * 0.002, rel=1e-9)
    assert loss(opened) == pytest.approx(loss_with((1, 2), after), rel=1e-12)
    assert one(opened, "#loss").text.startswith("J = ") and "edited" in field.get_attribute("class")
    one(opened, "#undo").click()
    framed(opened)
    assert value(opened, "Wf")[9] == before and loss(opened) == pytest.approx(unrolled(T=4).loss.item(), rel=1e-13)
    one(opened, "#redo").click()
    framed(opened)
    assert value(opened, "Wf")[9] == after


@pytest.mark.browser
def test_a_number_typed_stepped_zeroed_and_reset_by_keyboard_alone(opened):
    from selenium.webdriver.common.keys import Keys

    opened.execute_script("document.querySelector('#array').focus()")
    for _ in range(40):
        press(opened, Keys.TAB)
        if opened.switch_to.active_element.get_attribute("role") == "spinbutton":
            break
    field = opened.switch_to.active_element
    assert field.get_attribute("aria-label") == "Wf, row 1, column 1"
    first = value(opened, "Wf")[0]
    press(opened, "-1,5", Keys.ENTER)
    framed(opened)
    assert value(opened, "Wf")[0] == -1.5 and loss(opened) == pytest.approx(loss_with((0, 0), -1.5), rel=1e-12)
    assert field.get_attribute("aria-valuenow") == "-1.5"
    press(opened, Keys.ARROW_UP)
    framed(opened)
    assert value(opened, "Wf")[0] == pytest.approx(-1.4)
    press(opened, "nonsense")
    framed(opened)
    assert field.get_attribute("aria-invalid") == "true" and value(opened, "Wf")[0] == pytest.approx(-1.4)
    press(opened, Keys.ESCAPE)
    from selenium.webdriver.common.action_chains import ActionChains

    chain = ActionChains(opened).key_down(Keys.CONTROL)
    chain.send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT).key_up(Keys.CONTROL).perform()
    assert opened.switch_to.active_element.get_attribute("aria-label") == "Wf, row 2, column 2"
    press(opened, Keys.TAB)
    assert opened.switch_to.active_element.get_attribute("aria-label") == "Set to zero: Wf, row 2, column 2"
    press(opened, Keys.SPACE)
    framed(opened)
    assert value(opened, "Wf")[8] == 0
    press(opened, Keys.TAB, Keys.SPACE)
    framed(opened)
    assert value(opened, "Wf")[8] != 0
    for _ in range(10):
        ActionChains(opened).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    framed(opened)
    assert value(opened, "Wf")[0] == first and not one(opened, "#undo").is_enabled()


@pytest.mark.browser
def test_every_control_has_a_name_for_a_screen_reader(opened):
    kinds = ("#live button", "#live input", "#live select", "#live svg", "#inspector button", "#inspector input")
    for control in each(opened, ", ".join(kinds)):
        spoken = control.get_attribute("aria-label") or control.get_property("textContent")
        if control.tag_name in ("input", "select") and not control.get_attribute("aria-label"):
            spoken = opened.execute_script("return arguments[0].closest('label')?.textContent ?? ''", control)
        assert spoken.strip(), control.get_attribute("outerHTML")[:90]
    gate = opened.execute_script(
        "return page.boxes.find((b) => b.r >= 0 && page.M.records[b.r].y === 'Gamma f, time step 2').i"
    )
    before = one(opened, f"#{gate}").get_attribute("aria-label")
    choose(opened, "#preset", "weights twice as large")
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(opened, 10).until(lambda d: one(d, f"#{gate}").get_attribute("aria-label") != before)
    said_of_loss = one(opened, "#said")
    assert said_of_loss.get_attribute("aria-live") == "polite"
    assert re.fullmatch(r"the loss J is now [\d.]+, before 1\.286", said_of_loss.get_property("textContent"))


@pytest.mark.browser
def test_inputs_states_and_targets_are_changed_in_their_boxes(opened):
    for words in ("x, time step 2", "a, time step 0", "y, time step 1"):
        opened.execute_script(
            "page.inspect(page.boxes.findIndex((b) => b.r >= 0 && page.M.records[b.r].y === arguments[0]))", words
        )
        before = loss(opened)
        field = number(opened, f"{words}, row 1, column 1")
        field.click()
        press(opened, "2.5")
        framed(opened)
        assert value(opened, words)[0] == 2.5 and loss(opened) != before
        assert opened.switch_to.active_element == field  # nothing is built anew under a reader's hand


@pytest.mark.browser
def test_what_is_being_changed_stays_whatever_is_pointed_at(opened):
    from selenium.webdriver.common.action_chains import ActionChains

    def heading():
        return one(opened, "#inspector h2").text.replace("\n", "")

    boxes = opened.execute_script("return page.boxes.filter((b) => b.r >= 0).map((b) => [b.i, page.M.records[b.r].y])")
    target = one(opened, "#" + next(i for i, words in boxes if words == "x, time step 1"))
    other = one(opened, "#" + next(i for i, words in boxes if words == "Gamma f, time step 1"))
    assert heading() == "Wf"
    ActionChains(opened).move_to_element(target).perform()
    assert heading().startswith("x")
    number(opened, "x, time step 1, row 1, column 1").click()
    ActionChains(opened).move_to_element(other).perform()
    assert heading().startswith("x")
    press(opened, "0.5")
    framed(opened)
    assert value(opened, "x, time step 1")[0] == 0.5


@pytest.mark.browser
def test_a_closed_gate_is_closed_forward_and_back(opened):
    choose(opened, "#preset", "close the forget gate at t = 3")
    assert not value(opened, "Gamma f, time step 3").any() and value(opened, "Gamma f, time step 2").all()
    wanted = value(opened, "Gamma u, time step 3") * value(opened, "c tilde, time step 3")
    np.testing.assert_allclose(value(opened, "c, time step 3"), wanted, rtol=1e-14)
    parts = model_of_browser(opened, "Wf")
    assert not np.any(parts["t = 3"]) and np.any(parts["t = 4"]) and np.any(parts["t = 2"])
    assert "held at 0" in one(opened, "#alarm").text and each(opened, ".box.held")
    one(opened, "#alarm button").click()
    framed(opened)
    assert value(opened, "Gamma f, time step 3").all() and one(opened, "#alarm").text == ""
    assert loss(opened) == pytest.approx(unrolled(T=4).loss.item(), rel=1e-13)


def model_of_browser(driver, words):
    """What each step gives to a parameter's gradient, by the page's own words for the step."""
    return driver.execute_script(
        "const i = page.M.parameters.findIndex((p) => page.M.records[p.r].y === arguments[0]);"
        "const p = page.M.parameters[i];"
        "return Object.fromEntries(p.parts.map((q, j) => [q.p, Array.from({length: live.size(p.r)}, "
        "(_, k) => live.value(live.L.parts[i][j], k))]))",
        words,
    )


@pytest.mark.browser
def test_a_result_held_from_its_box(opened):
    opened.execute_script(
        "page.inspect(page.boxes.findIndex((b) => b.r >= 0 && page.M.records[b.r].y === 'Gamma o, time step 1'))"
    )
    one(opened, '[aria-label="Hold Gamma o, time step 1 at 1"]').click()
    framed(opened)
    assert (value(opened, "Gamma o, time step 1") == 1).all()
    np.testing.assert_allclose(value(opened, "a, time step 1"), np.tanh(value(opened, "c, time step 1")), rtol=1e-14)
    assert one(opened, '[aria-label="Hold Gamma o, time step 1 at 1"]').get_attribute("aria-pressed") == "true"


@pytest.mark.browser
def test_gradient_descent_goes_where_python_goes(opened):
    run = unrolled(T=4)
    run.loss.backward()
    W = run.graph.find("Wf").value
    slope = adjoint(opened, "Wf").reshape(4, 7)
    one(opened, "#rate").clear()
    one(opened, "#rate").send_keys("0,25")
    one(opened, "#descend").click()
    framed(opened)
    np.testing.assert_allclose(value(opened, "Wf").reshape(4, 7), W - 0.25 * slope, rtol=1e-13)
    first = loss(opened)
    one(opened, "#running").click()
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(opened, 20).until(lambda d: loss(d) < 0.8 * first)
    one(opened, "#running").click()
    framed(opened)
    assert len(one(opened, "#curve polyline").get_attribute("points").split(",")) > 3
    assert "from" in one(opened, "#curve").get_attribute("aria-label")
    one(opened, "#undo").click()  # a run is one thing to undo
    framed(opened)
    assert loss(opened) == pytest.approx(first, rel=1e-13)
    one(opened, "#rate").clear()
    one(opened, "#rate").send_keys("fast")
    assert not one(opened, "#descend").is_enabled() and one(opened, "#rate").get_attribute("aria-invalid") == "true"


@pytest.mark.browser
def test_a_state_before_is_compared_with(opened):
    choose(opened, "#compare", "with the recording")
    choose(opened, "#preset", "weights half as large")
    assert "Δ" in one(opened, "#inspector .state.value").text and each(opened, "table.editor .change")
    assert each(opened, "table.array .change") and each(opened, ".edge path.g")
    one(opened, "#restore").click()
    framed(opened)
    assert not each(opened, ".change") and "Δ" not in one(opened, "#inspector").text


@pytest.mark.browser
def test_the_details_say_what_the_machine_computes(opened):
    """Texts in the details, on chips and in the status are those of the new state, cut to four digits."""
    choose(opened, "#preset", "weights twice as large")
    opened.execute_script("page.open(page.M.parameters[1].r)")
    size = np.linalg.norm(adjoint(opened, "Wu"))
    assert f"norm {float(f'{size:.4g}'):g}" in one(opened, "#inspector .state.adjoint").text
    shown = [float(cell.text.replace("−", "-")) for cell in each(opened, "#inspector table.array td")]
    np.testing.assert_allclose(shown, adjoint(opened, "Wu"), rtol=1e-3)
    chip = next(e for e in each(opened, "#chips button") if e.text.replace("\n", "").startswith("Wu"))
    assert f"{float(f'{size:.4g}'):g}" in chip.text


@pytest.mark.browser
def test_the_first_number_that_is_not_finite_is_marked(browser, tmp_path):
    W, a = Parameter(0.9, "W"), Tensor(1.0, "s")
    for t in steps(3):
        a = name(log(W * a + t), "a")
    browser.get(live_page(name(tanh(a) * a, "J"), tmp_path / "nan.html").as_uri())
    assert one(browser, "#alarm").text == ""
    browser.execute_script("live.gesture(() => live.set(page.M.parameters[0].r, 0, -2))")
    framed(browser)
    words = one(browser, "#alarm").text.replace("\n", "")
    assert "a⟨1⟩" in words and "first that is not finite" in words
    assert len(each(browser, ".box.first")) == 1
    one(browser, "#alarm button").click()
    details = one(browser, "#inspector").text
    assert details.startswith("a") and "NaN" in details
    one(browser, "#undo").click()
    framed(browser)
    assert one(browser, "#alarm").text == "" and not each(browser, ".box.first")
    assert complaints(browser) == []


@pytest.mark.browser
def test_a_film_is_gone_through(browser, tmp_path):
    model, kept = trained(every=5)
    browser.get(step_through(model.loss(EXAMPLES), film=kept).save(tmp_path / "film.html").as_uri())
    for i, frame in enumerate(kept.frames):
        browser.execute_script(
            "const e = document.getElementById('frame'); e.value = arguments[0];"
            "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind))",
            i,
        )
        framed(browser)
        np.testing.assert_array_equal(value(browser, "w"), frame.values["w"])
        wrong = [frame.values["w"][0] * x + frame.values["b"][0] - y for x, y in EXAMPLES]
        assert loss(browser) == pytest.approx(np.sum(np.square(wrong)), rel=1e-12)
        assert f"update {frame.update}" in one(browser, "#frame-words").text
    assert complaints(browser) == []


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_numbers_are_dragged_by_a_finger_on_a_phone(page_file, tmp_path, dark):
    with chromium(tmp_path, 390, 844, dark=dark, touch=True) as driver:
        driver.get(page_file.as_uri())
        panel = one(driver, "#inspector")
        assert panel.get_property("scrollHeight") <= panel.get_property("clientHeight") + 1  # nothing is cut off
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
        for button in each(driver, "#live button, #live select, .entry button"):
            assert button.size["height"] >= 44 or not button.is_displayed()
        choose(driver, '.entry select[aria-label="columns"]', "columns 5–7")
        assert number(driver, "Wf, row 1, column 7").is_displayed()
        choose(driver, '.entry select[aria-label="columns"]', "columns 1–4")
        field = number(driver, "Wf, row 1, column 2")
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        before = value(driver, "Wf")[1]
        x, y = driver.execute_script("const b = arguments[0].getBoundingClientRect(); return [b.x, b.y]", field)
        spot = [x + 20, y + 15]

        def touch(kind, *at):
            points = [{"x": x, "y": y} for x, y in at]
            driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", spot)
        for far in (15, 30, 45, 60):
            touch("touchMove", [spot[0] + far, spot[1]])
        touch("touchEnd")
        framed(driver)
        after = value(driver, "Wf")[1]
        assert after > before and loss(driver) == pytest.approx(loss_with((0, 1), after), rel=1e-12)
        assert complaints(driver) == []


@pytest.mark.browser
def test_it_works_in_a_notebooks_frame(browser, tmp_path):
    shown = step_through(unrolled(T=3), live=True)._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>t</title>{shown}", encoding="utf-8")
    browser.get(path.as_uri())
    browser.switch_to.frame(0)
    before = loss(browser)
    choose(browser, "#preset", "saturate")
    assert loss(browser) != before
    browser.switch_to.default_content()
    assert complaints(browser) == []


def hostile_page(word):
    x, W = Tensor([[0.5]], word), Parameter([[0.3]], word)
    y = name(tanh(W @ x), word)
    for _ in steps(2):
        y = name(tanh(W @ y), word)
    return step_through(y.sum(), title=word, live=True)


@pytest.mark.browser
def test_hostile_names_stay_text(browser, tmp_path):
    for i, word in enumerate(HOSTILE):
        page = hostile_page(word)
        browser.get(page.save(tmp_path / f"{i}.html").as_uri())
        browser.execute_script(
            "live.gesture(() => live.set(live.L.given[0], 0, NaN)); live.frame();"
            "document.querySelector('#compare').value = 'recorded';"
            "document.querySelector('#compare').dispatchEvent(new Event('change'))"
        )
        framed(browser)
        assert browser.execute_script("return window.broken") is None
        assert browser.execute_script("return document.querySelectorAll('script').length") == 2
        assert complaints(browser) == []


@pytest.mark.browser
def test_pages_of_every_kind_start(browser, tmp_path):
    rng = np.random.default_rng(0)
    big = Tensor(rng.standard_normal((60, 40)), "x")
    pages = {
        "forward": RNN(3, 4, seed=0).unroll(np.ones((3, 2, 4))), "leaf": Tensor([1.0, 2.0], "x"),
        "scalar": Parameter(2.0, "W") * 3.0, "many axes": (Tensor(rng.standard_normal((2, 3, 4)), "x") ** 2).sum(),
        "large": (big * Parameter(rng.standard_normal((60, 40)), "W")).sum(), "nothing": Tensor(2.0) * Tensor(3.0),
    }  # fmt: skip
    for title, thing in pages.items():
        browser.get(live_page(thing, tmp_path / f"{title}.html").as_uri())
        browser.execute_script("live.L.given.forEach((r) => page.open(r)); live.frame()")
        for select in each(browser, ".entry select"):
            label = select.get_attribute("aria-label")
            choose(browser, f'.entry select[aria-label="{label}"]', select.text.split("\n")[-1])
        assert complaints(browser) == [], title
    browser.get((tmp_path / "large.html").as_uri())
    field = number(browser, "W, row 1, column 1")
    field.click()
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(browser).key_down(Keys.CONTROL).send_keys(Keys.END).key_up(Keys.CONTROL).perform()
    assert browser.switch_to.active_element.get_attribute("aria-label") == "W, row 60, column 40"
    press(browser, "7", Keys.ENTER)
    framed(browser)
    assert value(browser, "W")[-1] == 7


SMALL = [[0.0007381, -0.0001742, -0.00006539, -0.5344, 0.000001234], [-123456.7, 0.1792, 1e-7, -0.0001645, 0.0]]
CUT = """
const cut = (all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.value ?? e.textContent);
const right = (where) => document.querySelector(where).getBoundingClientRect().right;
const out = (where, what) => [...document.querySelectorAll(`${where} ${what}`)]
  .filter((e) => e.getBoundingClientRect().right > right(where) + 0.5).length;
const cells = document.querySelectorAll("#inspector input, #inspector td > span, .sums td");
return [cut([...cells]), out("#inspector", "td"), out("#parameters", ".sums td")];
"""


def wide():
    """A loss over three steps of a weight of five columns, whose numbers have many digits."""
    W, x = Parameter(SMALL, "W"), np.arange(15.0).reshape(3, 5, 1) / 100
    return sum((np.tanh(W @ x_t * 1e-5) ** 2).sum() for x_t in x)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 800])
def test_no_digit_of_an_array_is_cut_off(tmp_path, width):
    page = step_through(wide(), live=True).save(tmp_path / "page.html")
    with chromium(tmp_path, width, 900) as driver:
        driver.get(page.as_uri())
        driver.find_element("css selector", "#last").click()
        driver.find_element("css selector", "#chips button").click()
        framed(driver)
        assert driver.execute_script(CUT) == [[], 0, 0]
        assert len(each(driver, "#inspector table.editor input")) == 10  # all of it, where there is room for all
        fields = [field.get_attribute("value") for field in each(driver, "#inspector table.editor input")]
        assert fields[1:3] == ["−0.0001742", "−6.539e−5"] and fields[4] == "1.234e−6"
        assert complaints(driver) == []


@pytest.mark.browser
def test_a_record_without_a_name_is_told_by_how_it_is_made(opened):
    driver = opened
    driver.find_element("css selector", "#last").click()
    seen = set()
    for _ in range(60):
        driver.find_element("css selector", "#back").click()
        seen.add(driver.find_element("css selector", "#status").text)
    assert [words for words in seen if "%" in words] == []
    assert any("in the box of" in words for words in seen)
