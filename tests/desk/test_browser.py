"""The desk in a real browser, as a clerk sees it: at a desk and on a phone, in both languages, without the internet."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from omni.channels.models import Delivery
from omni.core import clock
from orders import pickup
from tests.desk.shop import colleague, fulfilment, goods, sale
from tests.factories.core import ChannelFactory, LocationFactory

CHROMIUM = Path("/usr/bin/chromium")
SIZES = {"desk": (1440, 900), "phone": (390, 844)}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, where Django would refuse its plain ORM.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture
def shop():
    now = clock.now()
    store = LocationFactory(code="hn", name="Hoàn Kiếm, Hà Nội")
    web = ChannelFactory(code="web", name="Website", adapter="reference")
    shirt = goods("AO-THUN", "Áo thun nam cổ tròn", price=199_000, stock={store: 5}, gtin="8934567890123")
    for days in range(6):
        sale(web, [(shirt, 1 + days % 3, 199_000, 0)], at=now - timedelta(days=days), store=store)
    waiting = sale(web, [(shirt, 1, 199_000, 0)], at=now, status="placed", number="W-1")
    row = fulfilment(waiting, store, status="ready", now=now, ready_at=now)
    pickup.issue_code(fulfilment_id=row.pk, now=now)
    fulfilment(sale(web, [(shirt, 1, 199_000, 0)], at=now, status="placed"), store, status="new", now=now)
    Delivery.objects.create(channel=web, topic="offer", key="AO-THUN", wanted=2, due_at=now, waiting_since=now)
    colleague("Store manager", store, username="mai", password="a long secret")
    return {"row": row, "store": store}


@pytest.fixture(params=["desk-en", "phone-vi"])
def page(request, browser, live_server, shop):
    """A page whose errors, outside requests and sideways scrolling fail the test."""
    size, language = request.param.split("-")
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    opened.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    opened.on(
        "request",
        lambda sent: None if sent.url.startswith((live_server.url, "data:", "blob:")) else troubles.append(sent.url),
    )
    opened.base, opened.language = live_server.url, language
    yield opened
    context.close()
    assert troubles == []


def visit(page, address: str) -> None:
    page.goto(page.base + address)
    page.locator("html:not([x-cloak])").wait_for()
    fits(page)


def fits(page) -> None:
    """Nothing makes the page scroll sideways."""
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= shown


def sign_in(page) -> None:
    visit(page, reverse("admin:login"))
    page.fill("#id_username", "mai")
    page.fill("#id_password", "a long secret")
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{page.base}{reverse('admin:index')}")


def test_a_morning_at_the_store(page, shop):
    sign_in(page)
    fits(page)
    assert page.locator("html").get_attribute("lang") == page.language
    assert page.locator("#today").is_visible()
    assert page.locator(".card.tile").count() >= 4

    _find(page)
    _hand_over(page, shop)
    _scan_a_price(page)
    _read_the_report(page)


def _find(page) -> None:
    if page.viewport_size["width"] > 1000:
        page.keyboard.press("/")
        page.keyboard.type("khong co gi")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/find/?q=*")
    else:
        page.locator(".find-icon").click()
        page.wait_for_url("**/admin/find/")
        page.locator("input[name=q]:visible").fill("khong co gi")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/find/?q=*")
    assert page.locator(".empty").is_visible()
    fits(page)


def _hand_over(page, shop) -> None:
    for name in ("floor", "floor_queue", "floor_hand_over"):
        visit(page, reverse(f"admin:{name}"))
        _large_enough(page)
    visit(page, reverse("admin:floor_hand_over_one", args=[shop["row"].pk]))
    _large_enough(page)
    # A hand scanner types where the focus is and presses Enter.
    page.wait_for_function("document.activeElement.id === 'scan'")
    page.keyboard.type("WRONG0")
    page.keyboard.press("Enter")
    page.locator(".result.bad").wait_for()
    assert "4" in page.locator(".result.bad").inner_text()
    fits(page)


def _large_enough(page) -> None:
    """Everything pressed on the floor is at least 48 px high (WCAG 2.2, 2.5.5 asks for 44)."""
    targets = page.locator(".floor :is(button, a, .tick):visible")
    assert targets.count() > 0
    for box in (target.bounding_box() for target in targets.all()):
        assert box is not None
        assert box["height"] >= 48


def _scan_a_price(page) -> None:
    visit(page, reverse("admin:floor_price"))
    page.wait_for_function("document.activeElement.id === 'scan'")
    page.keyboard.type("8934567890123")
    page.keyboard.press("Enter")
    page.locator(".result.good").wait_for()
    assert "Áo thun nam cổ tròn" in page.locator(".floor").inner_text()
    fits(page)


def _read_the_report(page) -> None:
    visit(page, reverse("reports:show", args=["sales-by-channel"]))
    assert page.locator("svg.bars .chart-value").first.inner_html() in page.locator(".figures").first.inner_html()
    page.locator("select[name=period]").select_option("90d")
    page.wait_for_url("**period=90d**")
    fits(page)


@pytest.mark.parametrize("page", ["desk-en"], indirect=True)
def test_light_and_dark_both_keep_enough_contrast(page):
    sign_in(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        visit(page, reverse("reports:show", args=["sales-by-channel"]))
        for selector in (".figures td", ".note", ".definitions dd", ".chart-label"):
            assert _contrast(page, selector) >= 4.5, (scheme, selector)


def _contrast(page, selector: str):
    """The contrast (WCAG 2.2, 1.4.3) of the first such element's letters with what lies behind them."""
    return page.evaluate(
        """(selector) => {
          const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          const rgba = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const light = (colour) => {
            const [r, g, b] = [...rgba(colour)].slice(0, 3).map((value) => {
              const part = value / 255;
              return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const element = document.querySelector(selector);
          const style = getComputedStyle(element);
          let behind = element;
          while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
          const ground = light(behind ? getComputedStyle(behind).backgroundColor : "white");
          const letters = light(element instanceof SVGElement ? style.fill : style.color);
          return (Math.max(ground, letters) + 0.05) / (Math.min(ground, letters) + 0.05);
        }""",
        selector,
    )
