"""No request whatever makes the shop fail: every route and method, with what callers get wrong and what attackers try.

Deterministic: the requests follow from the schema and from a fixed seed. Each is undone before the next.
"""

import json
import random
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler
from drf_spectacular.generators import SchemaGenerator

from omni.core import clock
from omni.core.api.paging import encode_cursor
from omni.core.guard import in_utf8
from omni.core.keys import issue_channel_key, issue_customer_token, issue_staff_token
from omni.core.models import Channel
from orders.models import Fulfilment, Payment
from tests.factories.core import ChannelFactory, StaffFactory
from tests.factories.customers import person
from tests.factories.orders import make_shop, place

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CALLER", "READ", "CHANNEL")
# As they stand in a body; some no JSON library would write.
NASTY = [
    "null", "true", "0", "-1", "1", "-0", str(10**30), str(2**63), str(-(2**63) - 1), str(2**31), "1.5", "1e400",
    "-1e999", "1" * 5000, "NaN", '""', '" "', r'"\u0000"', r'"a\u0000b"', r'"\ud800"', r'"\ud83d\ude00"', '"²"', '"٣"',
    json.dumps("x" * 70_000), json.dumps("9" * 5000), '"<script>alert(1)</script>"', json.dumps("' OR 1=1 --"),
    '"%s {0} %(a)s"', '"9999-12-31T23:59:59+00:00"', '"0001-01-01T00:00:00+14:00"', '"2026-02-30"',
    "[]", "{}", "[[]]", "[null]", "[{}]", '{"a": null}', r'{"\u0000": 1}', r'{"a": ["\u0000", "\udc00"]}',
    '{"a": 1e400}', "[" * 60 + "]" * 60, '["a", "a"]',
]  # fmt: skip
BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\x00", b"[" * 100_000, b'{"a":' * 20_000,
    b"[[[[]]]]", b"{}", b'{"": ""}', b"[1, 2]", b"[{}]", b"true",
]  # fmt: skip
PATHS = ["0", "-1", "9" * 30, "9" * 5000, "²", "٣", "\x00", "a\x00b", "'\"--", "😀", "x" * 3000, "..", "1e5", " ", "%"]
QUERIES = [
    "", " ", "0", "-1", "9" * 30, "9" * 5000, "²", "\x00", "a\x00", "😀", "'", "\\", "a & b | !c:*", "<->", "nan",
    "inf", "x" * 3000, "%", "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "[]", "null",
]  # fmt: skip
CURSORS = [
    "!", "é", "A", encode_cursor([]), encode_cursor(["x"]), encode_cursor([None]), encode_cursor([True]),
    encode_cursor([10**30]), encode_cursor([-1]), encode_cursor([1.5]), encode_cursor([{}]), encode_cursor([[]]),
    encode_cursor(["\x00"]), encode_cursor(["\ud800"]), encode_cursor(["x", "y"]), encode_cursor([1, 2]),
    encode_cursor(["2026-01-01T00:00:00+00:00", 1]), encode_cursor(["9999-12-31T23:59:59.999999+00:00", 1]),
    encode_cursor(["0001-01-01T00:00:00+14:00", 10**30]), encode_cursor([float("inf")]),
    encode_cursor([1, float("inf")]),
    "W1tbW1tb" * 4000,
]  # fmt: skip


class Behind(ClientHandler):
    """Django's handler for tests behind what stands before the application in `omni.wsgi`."""

    def __init__(self, inner: ClientHandler) -> None:
        super().__init__(inner.enforce_csrf_checks)
        self.inner = inner

    def __call__(self, environ: dict[str, Any]) -> Any:
        return in_utf8(lambda told, _start: self.inner(told))(environ, None)


class World:
    """A shop with something in each room, a caller of each kind, and a client that tells what fails."""

    def __init__(self) -> None:
        shop, now = make_shop(), clock.now()
        lan = person(
            "Nguyễn Thị Lan", phone="0912345678", email="lan@example.com", card="CARD1", verified=True, now=now
        )
        self.order = place(shop, [("SHIRT", 2)], now=now, customer=lan.customer.pk)
        owed = place(shop, [("SOCKS", 1)], now=now, customer=lan.customer.pk, pay="transfer")
        staff = StaffFactory.create(is_superuser=True)
        till = issue_channel_key(channel=shop.till, location=shop.hanoi, now=now)
        web = issue_channel_key(channel=shop.web, now=now)
        ChannelFactory.create(code="shopee", kind=Channel.Kind.MARKETPLACE, adapter="reference")
        tokens = {
            "till": till,
            "web": web,
            "customer": issue_customer_token(source_record=lan.source_record.pk, channel=shop.web, now=now)[0],
            "staff": issue_staff_token(user=staff, now=now)[0],
        }
        self.callers = {name: {"HTTP_AUTHORIZATION": f"Bearer {token}"} for name, token in tokens.items()}
        self.client = Client(raise_request_exception=False)
        self.failures: dict[str, str] = {}
        self.count = 0
        made = self.call("web", "POST", "/api/v1/quotes", b'{"lines": [{"sku": "SHIRT", "quantity": 1}]}', keep=True)
        cart = self.call("web", "POST", "/api/v1/carts", b'{"lines": [{"sku": "SHIRT", "quantity": 1}]}', keep=True)
        card = self.call("till", "POST", "/api/v1/gift-cards", b'{"amount": 1000}', keep=True)
        self.known = {
            "customer_id": str(lan.customer.pk), "customer": str(lan.customer.pk), "number": self.order.number,
            "fulfilment_id": str(Fulfilment.objects.get(order=self.order).pk), "order": self.order.number,
            "payment_id": str(Payment.objects.get(order=owed).pk), "quote_id": made["id"], "cart_id": cart["id"],
            "sku": "SHIRT", "gtin": "8930000000000", "card": "CARD1", "code": "web", "gift_card": card["id"],
            "location": "hanoi", "quantity": 1, "method": "bopis", "tender": "transfer", "amount": 1000,
            "identifiers": [{"kind": "phone", "value": "0912345678"}], "phone": "0912345678", "kind": "phone",
            "keep": str(lan.customer.pk), "absorb": str(lan.customer.pk), "quote": None, "cart": None,
            "source_record": str(lan.source_record.pk), "status": "placed", "channel": "web",
            "happened_at": "2026-01-01T00:00:00+07:00", "unit_price": 1000, "currency": "VND", "with": "SOCKS",
            "external_id": "E1", "refund_to": "original", "points": 1, "email": "lan@example.com", "lat": "21",
            "updated_after": "2026-01-01T00:00:00Z", "placed_after": "2026-01-01T00:00:00Z", "purpose": "marketing",
        }  # fmt: skip
        got_request_exception.connect(self._failed)

    def call(
        self, caller: str, method: str, url: str, body: bytes | str = b"", *, keep: bool = False, **headers: str
    ) -> Any:
        self.count += 1
        self.raised = ""
        raw = body.encode() if isinstance(body, str) else body
        headers = {
            "content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": f"k{self.count}",
            **self.callers[caller], **headers,
        }  # fmt: skip
        point = transaction.savepoint()
        answer = self.client.generic(method, url, raw, **headers)  # type: ignore[arg-type]
        told = answer.content if not getattr(answer, "streaming", False) else b""
        connection.needs_rollback = False
        if not keep:
            transaction.savepoint_rollback(point)
        if answer.status_code >= 500:
            self.note(f"{caller} {method} {url[:120]} {raw[:200]!r}", self.raised)
        elif answer.status_code >= 400 and url.startswith("/api/") and method != "HEAD":
            try:
                assert set(json.loads(told)["error"]) == {"code", "message", "param", "details"}
            except Exception:
                self.note(f"{caller} {method} {url[:120]} {raw[:200]!r}", f"{answer.status_code} shape {told[:60]!r}")
        return json.loads(told) if told[:1] == b"{" else None

    def note(self, request: str, why: str) -> None:
        self.failures.setdefault(why, request)

    def _failed(self, sender: Any, **_: Any) -> None:
        lines = traceback.format_exc().strip().splitlines()
        own = [line.strip() for line in lines if "/site-packages/" not in line and line.strip().startswith("File")]
        self.raised = f"{lines[-1][:160]} @ {own[-1] if own else ''}"


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    got_request_exception.disconnect(made._failed)
    told = "\n".join(f"{why}\n    by {request}" for why, request in made.failures.items())
    assert not made.failures, f"{len(made.failures)} ways to fail in {made.count} requests:\n{told}"


@pytest.fixture(scope="module")
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def sample(schema: Any, part: Any, known: dict[str, Any], name: str = "") -> Any:
    """A body that is right as far as the schema can say, with things that exist."""
    if "$ref" in part:
        return sample(schema, schema["components"]["schemas"][part["$ref"].rpartition("/")[2]], known, name)
    if name in known and part.get("type") not in ("object", "array"):
        return known[name]
    for joint in ("allOf", "oneOf", "anyOf"):
        if joint in part:
            return sample(schema, part[joint][0], known, name)
    kind = part.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in part:
        return part["enum"][0]
    if kind == "object" or "properties" in part:
        return {key: sample(schema, own, known, key) for key, own in part.get("properties", {}).items()}
    if kind == "array":
        return known.get(name) or [sample(schema, part["items"], known, name)]
    if part.get("format") == "date-time":
        return "2026-01-01T00:00:00+07:00"
    return {"integer": 1, "number": 1.0, "boolean": False}.get(str(kind), "a reason")


def places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a body something can be put instead."""
    yield at
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in steps:
        yield from places(value, (*at, key))


def planted(body: Any, at: tuple[Any, ...], raw: str) -> str:
    """The body as JSON with `raw` at a place, as it is."""
    if not at:
        return raw
    if isinstance(body, dict):
        parts = [
            f"{json.dumps(key)}: {planted(value, at[1:], raw) if key == at[0] else json.dumps(value)}"
            for key, value in body.items()
        ]
        return "{" + ", ".join(parts) + "}"
    told = [planted(value, at[1:], raw) if index == at[0] else json.dumps(value) for index, value in enumerate(body)]
    return "[" + ", ".join(told) + "]"


def addresses(schema: Any, known: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(template, address with things that exist, its operations)"""
    for template, operations in schema["paths"].items():
        yield template, template.format_map(known), operations


def request_body(schema: Any, operation: Any, known: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return sample(schema, content["schema"], known) if content else {}


def test_every_method_of_every_address(world, schema):
    for _template, url, _operations in addresses(schema, world.known):
        for index, method in enumerate(METHODS):
            world.call(("customer", "staff")[index % 2], method, url, b"{}")


def test_bodies_with_something_nasty_at_every_place(world, schema):
    dice = random.Random(7)
    for _template, url, operations in addresses(schema, world.known):
        for method in operations.keys() & {"post", "put", "patch"}:
            body = request_body(schema, operations[method], world.known)
            at_all = list(places(body))
            for whole in dice.sample(BODIES, 5):
                world.call(dice.choice(["staff", "till"]), method.upper(), url, whole)
            for at in at_all:
                for raw in dice.sample(NASTY, 3 if len(at_all) > 12 else 6):
                    world.call(dice.choice([*world.callers]), method.upper(), url, planted(body, at, raw))


def test_addresses_with_something_nasty_in_them(world, schema):
    for template, _url, operations in addresses(schema, world.known):
        names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        for name in names:
            for index, value in enumerate(PATHS):
                url = template.format_map({**world.known, name: quote(value)})
                for method in operations:
                    body = json.dumps(request_body(schema, operations[method], world.known))
                    world.call(("customer", "staff")[index % 2], method.upper(), url, body)


def test_questions_with_something_nasty_in_them(world, schema):
    for _template, url, operations in addresses(schema, world.known):
        if "get" not in operations or url.endswith(("/schema/", "/docs/")):
            continue
        names = {told["name"] for told in operations["get"].get("parameters", ()) if told["in"] == "query"}
        for name in sorted(names | {"cursor", "limit", "format", "lang"}):
            for index, value in enumerate(CURSORS if name == "cursor" else QUERIES):
                if name in {"limit", "format", "lang"} and index % 4:
                    continue
                known = {key: world.known[key] for key in names - {name} if key in ("purpose", "channel")}
                asked = "&".join(f"{key}={quote(str(own))}" for key, own in {**known, name: value}.items())
                world.call(("web", "staff")[index % 2], "GET", f"{url}?{asked}")


def test_headers_with_something_nasty_in_them(world):
    body = b'{"lines": [{"sku": "SHIRT", "quantity": 1}]}'
    # As the server runs it.
    world.client.handler = Behind(world.client.handler)
    for charset in ("zlib_codec", "rot13", "hex", "utf-16", "utf-7", "idna", "nonsense", "base64", "undefined", ""):
        for url in ("/api/v1/carts", "/api/v1/quotes?x=1", "/api/v1/auth/token", "/api/v1/channels/shopee/webhook"):
            world.call("web", "POST", url, body, content_type=f"application/json; charset={charset}")
        world.call("web", "GET", "/api/v1/orders?limit=1", content_type=f"text/plain; charset={charset}")
    for kind in (
        "",
        "text/html",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/xml",
        ";;",
        "a",
    ):
        world.call("web", "POST", "/api/v1/carts", body, content_type=kind)
        world.call("web", "GET", "/api/v1/orders", HTTP_ACCEPT=kind)
    for value in (
        "Bearer",
        "Bearer ",
        "bearer \xff",
        "Basic YTpi",
        "Bearer a b",
        "x" * 5000,
        "Bearer \u0100".encode().decode("latin-1"),
    ):
        world.call("web", "GET", "/api/v1/orders", HTTP_AUTHORIZATION=value)
    for key in ("", " ", "x" * 201, "\xff", "a\nb"):
        world.call("web", "POST", "/api/v1/carts", body, HTTP_IDEMPOTENCY_KEY=key)
    for language in ("xx", "vi;q=abc", "*", "en-" * 300, "\xff"):
        world.call("web", "GET", "/api/v1/nothing-here", HTTP_ACCEPT_LANGUAGE=language)
    for host in ("evil.example", "a b", "[::1", "x" * 300):
        world.call("web", "GET", "/api/v1/orders", HTTP_HOST=host)


def test_addresses_that_are_not_there(world):
    for url in (
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/orders",
        "/api/v1/orders/",
        "/api/v1/schema",
    ):
        for method in ("GET", "POST", "PUT", "DELETE"):
            world.call("web", method, url, b"{}")
