"""The pages in a real browser: they open, draw, answer, fit, print, and run nothing but their own script."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

from affectlens.pipelines.reporting import render

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("AFFECTLENS_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
WIDTHS = {"desktop": 1280, "phone": 390}
PAPER = 718  # CSS pixels between the margins of A4
Open = Callable[..., Page]

# A browser is no Python package: where the machine has none, the rest of the tests still runs, and says so.
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed, so no page was opened in a browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    reports: tuple[dict[str, str], dict[str, Any]],
    chinese: tuple[dict[str, str], list[str]],
    exhibited_page: str,
) -> Path:
    """Every kind of page as files: a report in both languages, all exhibits, the list of reports."""
    path = tmp_path_factory.mktemp("pages")
    translated = {f"{name}_zh": page for name, page in chinese[0].items()}
    entry = {"environment": "tiny", "dataset": "tiny", "run_id": "r", "summary": "All is well.", "href": "report.html"}
    others = {"exhibits": exhibited_page, "index": render.index([entry])}
    for name, page in {**reports[0], **translated, **others}.items():
        (path / f"{name}.html").write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> dict[tuple[str, str, bool], Page]:
    """The pages that were opened so far, one a width, scheme and whether scripts run: a new one costs a process."""
    return {}


@pytest.fixture
def open_page(browser: Browser, folder: Path, tabs: dict[tuple[str, str, bool], Page]) -> Iterator[Open]:
    """Opens a page by name; at the end of the test no page may have complained or asked anything."""
    complaints: list[str] = []

    def complain(message: ConsoleMessage | Dialog | Exception) -> None:
        if not isinstance(message, ConsoleMessage) or message.type in ("error", "warning"):
            complaints.append(str(message))

    def opened(name: str, width: str = "desktop", scheme: Any = "light", *, scripts: bool = True) -> Page:
        if (width, scheme, scripts) not in tabs:
            size: Any = {"width": WIDTHS[width], "height": 900}
            page = browser.new_page(viewport=size, color_scheme=scheme, java_script_enabled=scripts)
            tabs[width, scheme, scripts] = page
        page = tabs[width, scheme, scripts]
        for event in ("console", "pageerror", "dialog"):
            page.on(event, complain)  # type: ignore[call-overload]  # its overloads name one event each
        page.goto((folder / f"{name}.html").as_uri())
        return page

    yield opened
    for page in tabs.values():
        for event in ("console", "pageerror", "dialog"):
            page.remove_listener(event, complain)
    assert complaints == []


@pytest.fixture(scope="module")
def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.html"))


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_every_page_fits_is_kept_as_a_picture_and_is_hard_to_use_for_nobody(
    open_page: Open, names: list[str], project_root: Path, width: str, scheme: str
) -> None:
    kept = project_root / "build/screenshots"
    kept.mkdir(parents=True, exist_ok=True)
    broken = []
    for name in names:
        page = open_page(name, width, scheme)
        page.screenshot(path=kept / f"{name}_{width}_{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], f"{name} is too wide"
        broken += [(name, *rule) for rule in serious_violations(page)]
    assert broken == []


def serious_violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [(rule["id"], str(node["failureSummary"])) for rule in serious for node in rule["nodes"]]


def test_charts_are_drawn_with_and_without_the_script(open_page: Open) -> None:
    for scripts in (True, False):
        page = open_page("expression", scripts=scripts)
        sizes = [chart.bounding_box() for chart in page.locator(".chart svg").all()]
        assert len(sizes) == 6
        assert all(size and size["width"] > 200 and size["height"] > 100 for size in sizes)


def test_a_chart_answers_to_the_pointer(open_page: Open) -> None:
    page = open_page("expression")
    chart = page.locator(".chart").first
    chart.scroll_into_view_if_needed()
    points = chart.evaluate("chart => JSON.parse(chart.dataset.points)")
    where = chart.evaluate(
        "(chart, point) => { const box = chart.querySelector('svg').getBoundingClientRect();"
        " const scale = box.width / chart.querySelector('svg').viewBox.baseVal.width;"
        " return [box.left + point[1] * scale, box.top + point[2] * scale]; }",
        points[3],
    )
    page.mouse.move(*where)
    said = chart.locator(".tip").text_content()
    assert said in [text for *_, text in points]
    page.mouse.move(0, 0)
    assert chart.locator(".tip").text_content() == ""


def test_a_chart_answers_to_the_keyboard(open_page: Open) -> None:
    page = open_page("expression")
    chart = page.locator(".chart").first
    chart.focus()
    texts = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        texts.append(chart.locator(".tip").text_content())
    assert all(texts)
    assert texts[0] != texts[1]
    assert texts[1].split(",")[0] != texts[2].split(",")[0]
    assert texts[0] == texts[-1]


def test_a_series_hides_and_comes_back_by_its_legend(open_page: Open) -> None:
    page = open_page("expression")
    button = page.locator(".legend button").first
    series = page.locator(".chart").first.locator(".series-0").last
    assert series.is_visible()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert not series.is_visible()
    button.press("Enter")
    assert series.is_visible()


def test_a_link_to_a_node_unfolds_its_words_and_marks_its_box(open_page: Open) -> None:
    page = open_page("report")
    page.locator("#emotion .origin a").first.click()
    assert page.url.endswith("flow.html#node-reporting-emotion-compose_emotion")
    assert page.locator("#node-reporting-emotion-compose_emotion").is_visible()
    assert not page.locator("#node-emotion-collect_leaderboard").is_visible()
    assert page.locator(".box.here").text_content() == page.locator("#box-reporting-1").text_content()


def test_a_box_lights_up_its_lines_by_pointer_and_keyboard(open_page: Open) -> None:
    page = open_page("flow")
    lit = page.locator(".lit")
    assert lit.count() == 0
    page.locator("#box-reporting-1 a").first.focus()
    assert [page.locator(f"{part}.lit").count() for part in (".line", ".box")] == [1, 2]
    page.locator("#box-emotion_training-0").hover()
    assert [page.locator(f"{part}.lit").count() for part in (".line", ".box")] == [0, 0]


def test_a_stage_of_the_flow_folds_by_keyboard(open_page: Open) -> None:
    page = open_page("flow")
    drawing = page.locator("#stage-reporting .graph")
    page.locator("#stage-reporting > details > summary").focus()
    for visible in (False, True):
        page.keyboard.press("Enter")
        assert drawing.is_visible() == visible


def test_hostile_text_is_shown_as_text(open_page: Open, hostile: str) -> None:
    for name in ("report", "exhibits"):
        page = open_page(name, "phone")
        body = page.locator("body").text_content() or ""
        assert "<script>alert(1)</script>" in body
        assert "[U+202E]" in body
        assert "[U+200B]" in body
        assert page.locator("script").count() == 1
        assert page.locator("img:not([src^='data:image/png'])").count() == 0


def test_print_is_black_on_white_and_as_wide_as_the_paper_whatever_the_screen(browser: Browser, folder: Path) -> None:
    page = browser.new_page(viewport={"width": PAPER, "height": 1000}, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for name in ("report", "expression", "exhibits"):
        page.goto((folder / f"{name}.html").as_uri())
        colours = page.evaluate("['background-color', 'color'].map(n => getComputedStyle(document.body)[n])")
        assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
        chips = page.evaluate("[...document.querySelectorAll('p code')].map(c => getComputedStyle(c).backgroundColor)")
        assert set(chips) <= {"rgb(242, 243, 241)"}, name
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER, f"{name} is cut off on paper"
        images = page.locator("img").all()
        assert all(image.evaluate("image => image.complete && image.naturalWidth > 0") for image in images)
    page.close()


def test_a_page_prints(open_page: Open, project_root: Path) -> None:
    printed = open_page("report").pdf(path=project_root / "build/screenshots/report.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page") > 3
