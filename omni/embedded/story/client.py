"""How the story speaks to the shop: over HTTP with real keys, and through the shop's own commands."""

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import httpx

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"
Value = TypeVar("Value")


class StoryError(Exception):
    """A step did not come true; says what was expected and what was there."""


class Api:
    """The REST API, called with one key or one signed-in colleague."""

    def __init__(self, url: str, *, key: str = "") -> None:
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30, follow_redirects=True)

    def get(self, path: str, **query: Any) -> Any:
        return _good(self.http.get(f"/api/v1/{path}", params=query))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return _good(self.try_post(path, body))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return _good(self.http.put(f"/api/v1/{path}", json=body, headers=self._write_headers()))

    def try_post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> httpx.Response:
        """POST with the Idempotency-Key given, else with a fresh one; any answer is returned."""
        headers = self._write_headers() | ({"Idempotency-Key": key} if key else {})
        return self.http.post(f"/api/v1/{path}", json=body or {}, headers=headers)

    def post_often(self, path: str, body: dict[str, Any], *, times: int = 6) -> Any:
        """POST the same with the same Idempotency-Key, as over a bad line: every answer after the first repeats it."""
        key = str(uuid.uuid4())
        first = self.try_post(path, body, key=key)
        told = _good(first)
        for _ in range(times - 1):
            again = self.try_post(path, body, key=key)
            expect_equal(again.headers.get("Idempotent-Replay"), "true", f"that a repeat of POST {path} says so")
            expect_equal((again.status_code, again.json()), (first.status_code, told), f"a repeat of POST {path}")
        return told

    def page(self, path: str, **query: Any) -> str:
        """An HTML or CSV page of the shop."""
        answer = self.http.get(path, params=query)
        expect(answer.status_code == 200, f"GET {path} answers 200, not {answer.status_code}")
        return answer.text

    def sign_in(self, username: str, password: str) -> "Api":
        """Sign a colleague in as the login page does; the session's cookies stay with this client."""
        page = self.http.get("/admin/login/").text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        expect(found is not None, "the login page holds its form")
        assert found is not None
        form = {"csrfmiddlewaretoken": found[1], "username": username, "password": password, "next": "/admin/"}
        answer = self.http.post("/admin/login/", data=form, headers={"Referer": str(self.http.base_url)})
        expect("sessionid" in self.http.cookies, f"{username} can sign in ({answer.status_code})")
        return self

    def _write_headers(self) -> dict[str, str]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if "csrftoken" in self.http.cookies:
            headers |= {"X-CSRFToken": self.http.cookies["csrftoken"], "Referer": str(self.http.base_url)}
        return headers


def expect(condition: object, what: str) -> None:
    """One thing that must be true; StoryError tells what."""
    if not condition:
        raise StoryError(f"expected that {what}")


def expect_equal(found: object, wanted: object, what: str) -> None:
    expect(found == wanted, f"{what} is {wanted!r}, but it is {found!r}")


def wait_for(what: str, look: Callable[[], Value], *, seconds: float = 20) -> Value:
    """Look until there is something; StoryError when there is nothing after `seconds`."""
    ends = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > ends:
            raise StoryError(f"expected within {seconds:g} s: {what}")
        time.sleep(0.1)


def manage(*arguments: str, data_dir: str) -> str:
    """Run one of the shop's commands as a person would in another terminal; returns what it printed."""
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, str(MANAGE), *arguments],
        capture_output=True,
        text=True,
        # In English, which the story reads.
        env=os.environ | {"OMNI_DATA_DIR": data_dir, "LC_ALL": "C.UTF-8"},
        timeout=300,
        check=False,
    )
    expect(
        done.returncode == 0, f"manage.py {arguments[0]} succeeds; it said: {done.stdout[-600:]}{done.stderr[-600:]}"
    )
    return done.stdout.strip()


def plain(html: str) -> str:
    """The words of a page or mail."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _good(answer: httpx.Response) -> Any:
    request = f"{answer.request.method} {answer.request.url.path}"
    expect(answer.is_success, f"{request} succeeds, but it answered {answer.status_code}: {answer.text[:400]}")
    return answer.json() if answer.content else None
