"""Takes the pictures of the README from a shop that it opens in a temporary folder: `python docs/pictures/take.py`.

With `--shop URL --peer URL --password WORD` it looks at a demo that is open already, as its user `admin`.
"""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omni.settings")

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from omni.embedded.headless import running_shop  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
STORE = "hcm-q1"
MOST_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class World:
    """Where to look, and the password of the owner."""

    url: str
    peer_url: str
    password: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its file's name, the size and language it is seen in, and how to get there."""

    name: str
    size: str
    language: str
    go: Callable[[Page, World], None]


def home(page: Page, world: World) -> None:
    visit(page, f"{world.url}/admin/")


def customer(page: Page, world: World) -> None:
    """Of those who bought today, the one of whom most channels told, and who came most often."""
    today = page.request.get(f"{world.url}/api/v1/orders?limit=30").json()["results"]

    def seen(who: str) -> tuple[int, int]:
        address = f"{world.url}/api/v1/customers/{who}"
        told = page.request.get(address).json()["source_records"]
        return len(told), len(page.request.get(f"{address}/timeline?limit=50").json()["results"])

    who = max(sorted({order["customer"] for order in today if order["customer"]}), key=seen)
    visit(page, f"{world.url}/admin/customers/customer/{who}/change/")
    # The heading, below the item of the same name in the menu.
    page.get_by_text("Timeline", exact=True).last.evaluate("heading => heading.scrollIntoView({block: 'center'})")


def order(page: Page, world: World) -> None:
    visit(page, f"{world.url}/admin/find/?q={_ready(page, world)['order']}")


def report(page: Page, world: World) -> None:
    visit(page, f"{world.url}/reports/sales-by-channel/?period=30d")


def hand_over(page: Page, world: World) -> None:
    _stand_in(page, world, STORE)
    visit(page, f"{world.url}/admin/floor/hand-over/{_ready(page, world)['id']}/")


def storefront(page: Page, world: World) -> None:
    visit(page, f"{world.peer_url}/shops/web/")


def inbox(page: Page, world: World) -> None:
    visit(page, f"{world.peer_url}/inbox")


def api_docs(page: Page, world: World) -> None:
    visit(page, f"{world.url}/api/v1/docs/")
    page.locator(".opblock").first.wait_for()


PICTURES = (
    Picture("home", "desk", "vi", home),
    Picture("order", "desk", "vi", order),
    Picture("customer", "desk", "en", customer),
    Picture("report", "desk", "en", report),
    Picture("hand-over", "phone", "vi", hand_over),
    Picture("inbox", "phone", "vi", inbox),
    Picture("storefront", "desk", "en", storefront),
    Picture("api", "desk", "en", api_docs),
)


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("html:not([x-cloak])").wait_for()
    page.wait_for_load_state("networkidle")


def sign_in(page: Page, world: World) -> None:
    visit(page, f"{world.url}/admin/login/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", world.password)
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{world.url}/admin/")


def take(browser: Browser, world: World, picture: Picture) -> Path:
    width, height = SIZES[picture.size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=picture.language, color_scheme="light"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    sign_in(page, world)
    picture.go(page, world)
    path = HERE / f"{picture.name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    context.close()
    return path


def main() -> None:
    told = ArgumentParser(description=__doc__)
    for name in ("--shop", "--peer", "--password"):
        told.add_argument(name)
    told.add_argument("only", nargs="*", help="names of pictures; all where none is named")
    options = told.parse_intermixed_args()
    with _world(options) as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            if not options.only or picture.name in options.only:
                path = take(browser, world, picture)
                size = path.stat().st_size
                print(f"{path.name}: {size:,} bytes{'' if size <= MOST_BYTES else ', too large for a README'}")  # noqa: T201
        browser.close()


@contextmanager
def _world(options: Any) -> Iterator[World]:
    if options.shop:
        yield World(options.shop.rstrip("/"), options.peer.rstrip("/"), options.password)
        return
    with tempfile.TemporaryDirectory() as folder, running_shop(Path(folder), show_progress=True) as shop:
        _until_the_afternoon(shop.data_dir)
        yield World(shop.url, shop.peer_url, shop.passwords["admin"])


def _ready(page: Page, world: World) -> dict[str, Any]:
    """An order that waits at the store for its customer."""
    answer = page.request.get(f"{world.url}/api/v1/fulfilments?location={STORE}&status=ready")
    found: dict[str, Any] = answer.json()["results"][0]
    return found


def _stand_in(page: Page, world: World, store: str) -> None:
    visit(page, f"{world.url}/admin/floor/?choose=1")
    page.locator(f"button[name=store][value='{store}']").click()
    page.wait_for_url("**/admin/floor/")


def _until_the_afternoon(data_dir: str) -> None:
    """At night the day has nothing to be compared with: let the shop's clock go on to four o'clock."""
    hours = 16 - datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).hour
    if hours > 0:
        command = [sys.executable, str(HERE.parents[1] / "manage.py"), "advance_clock", f"{hours}h"]
        subprocess.run(command, env=os.environ | {"OMNI_DATA_DIR": data_dir}, check=True)  # noqa: S603  our own program


if __name__ == "__main__":
    main()
