"""The site in headless Chromium, in both languages: what one looks for is near, and nothing is broken on any screen."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from browser import chromium, complaints
from website.built import both

pytestmark = pytest.mark.browser
LANGUAGES = {"en": "zh", "zh": "en"}
# From the start page: where the first link leads, and what stands there.
VERDICT = "/alan.py(: |\\uFF1A)wrong/"  # with the colon of either language
FIRST = {
    "picture": ("install.html", "return document.querySelector('article img').naturalWidth > 0"),
    "proof": ("first_cell.html", "return document.querySelector('article').innerText.includes(\"'Waa': 'proven'\")"),
    "homework": ("grade_a_class.html", f"return {VERDICT}.test(document.querySelector('article').innerText)"),
}
ENDED = "return !!document.querySelector('#search-results .search-summary')?.innerText"  # what a search says at its end
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return both(tmp_path_factory)


@pytest.fixture(scope="module")
def desktop(site, tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("desktop")) as driver:
        yield driver


def wait(driver, script, seconds=20):
    """Wait until a script answers yes."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, seconds).until(lambda d: d.execute_script(script))


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(site):
    """The address of the site on a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def found_by(driver, site, language, words):
    """The pages that a search finds, as it lists them."""
    driver.get(f"{(site / language / 'search.html').as_uri()}?q={quote(words)}")
    wait(driver, ENDED)
    return driver.execute_script("return [...document.querySelectorAll('#search-results li a')].map(a => a.href)")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", FIRST)
def test_what_comes_first_is_one_click_away(desktop, site, language, what):
    page, shown = FIRST[what]
    desktop.get((site / language / "index.html").as_uri())
    desktop.find_element("css selector", f"article a[href='{page}']").click()
    wait(desktop, f"return location.pathname.endsWith('/{page}')")
    wait(desktop, shown)
    assert complaints(desktop) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_of_the_reference_is_found(desktop, site, language):
    found = found_by(desktop, site, language, "check_backward")
    assert any("api/checks.html#autograd_seq.check_backward" in href for href in found)
    assert complaints(desktop) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_server_the_search_shows_excerpts(desktop, served, language):
    desktop.get(f"{served}/{language}/search.html?q=check_backward")
    wait(desktop, "return document.querySelectorAll('#search-results li p.context').length > 1")
    assert complaints(desktop) == []


@pytest.mark.parametrize("words", ["遗忘门", "忘", "通过时间的反向传播"])
def test_chinese_words_are_found_without_a_dictionary(desktop, site, words):
    assert any("glossary.html" in href for href in found_by(desktop, site, "zh", words))
    assert complaints(desktop) == []


def test_chinese_words_that_stand_nowhere_are_not_found(desktop, site):
    desktop.get(f"{(site / 'zh' / 'search.html').as_uri()}?q={quote('忘遗')}")
    wait(desktop, ENDED)
    assert desktop.execute_script("return document.querySelectorAll('#search-results li').length") == 0


@pytest.mark.parametrize("language, other", LANGUAGES.items())
@pytest.mark.parametrize("page", ["index.html", "derivations/lstm.html", "api/checks.html"])
def test_the_switch_leads_to_the_same_page(desktop, site, language, other, page):
    desktop.get((site / language / page).as_uri())
    desktop.find_element("css selector", ".language-switch.on-page a").click()
    wait(desktop, f"return location.pathname.endsWith('/{other}/{page}')")
    assert desktop.execute_script("return document.documentElement.lang").startswith(other)


def test_the_front_page_leads_on(desktop, site):
    desktop.get((site / "index.html").as_uri())
    wait(desktop, "return location.pathname.endsWith('/en/index.html')")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_a_phone_or_complains(site, language, dark, tmp_path):
    pages = sorted((site / language).rglob("*.html"))
    with chromium(tmp_path, width=390, height=844, dark=dark, touch=True) as driver:
        for path in pages[:: 6 if dark else 1]:
            driver.get(path.as_uri())
            assert driver.execute_script(WIDE) <= 0, path
            assert complaints(driver) == [], path
            background = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            light = sum(map(int, background.removeprefix("rgb(").rstrip(")").split(","))) > 3 * 128
            assert light != dark or path.parent.name == "live", path


def test_the_embedded_page_computes(desktop, site):
    desktop.get((site / "en" / "bptt.html").as_uri())
    desktop.execute_script("document.querySelector('iframe.live').scrollIntoView()")
    desktop.switch_to.frame(desktop.find_element("css selector", "iframe.live"))
    wait(desktop, "return document.querySelectorAll('svg g.edge').length > 5")
    desktop.switch_to.default_content()
    assert complaints(desktop) == []
