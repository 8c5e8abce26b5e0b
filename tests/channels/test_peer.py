"""The outside world keeps its word: what it acknowledged it has, it ends when we do, and it knows no Django."""

import os
import signal
import subprocess
import sys

import httpx

from tests.channels.world import World


def put_shop(url: str, code: str = "web") -> dict[str, str]:
    token = httpx.put(f"{url}/shops/{code}/settings", json={"name": "Cửa hàng <Web>"}).json()["token"]
    return {"Authorization": f"Bearer {token}"}


def offer(**fields):
    shown = {"sku": "S-1", "version": 3, "name": {"vi": "Áo", "en": "Shirt"}, "options": {"Size": "M"}}
    return shown | {"currency": "VND", "price": 120000, "promotion_price": None, "atp": 3, "sellable": True} | fields


def test_what_it_acknowledged_survives_a_kill(tmp_path):
    first = World(tmp_path)
    owner = put_shop(first.url)
    httpx.post(f"{first.url}/shops/web/offers", json={"offers": [offer()]}, headers=owner)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()

    second = World(tmp_path)
    shown = httpx.get(f"{second.url}/shops/web/offers", headers=owner).json()["offers"]
    assert [one["sku"] for one in shown] == ["S-1"]
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(timeout=10) == 0


def test_a_shop_is_its_owners_and_sells_at_what_it_shows(world):
    owner = put_shop(world.url, "own")
    shop = f"{world.url}/shops/own"
    assert httpx.get(f"{shop}/offers").status_code == 401
    assert httpx.put(f"{shop}/settings", json={}).status_code == 401
    httpx.post(f"{shop}/offers", json={"offers": [offer(promotion_price=99000)]}, headers=owner)

    english = httpx.get(f"{shop}/?lang=en").text
    assert "Shirt (M)" in english
    assert "₫99,000" in english
    assert "&lt;Web&gt;" in english
    assert "99.000 ₫" in httpx.get(f"{shop}/").text

    form = {"sku": "S-1", "quantity": "2", "name": "Bình", "phone": "0912345678"}
    assert httpx.post(f"{shop}/orders", data=form).status_code == 303
    (order,) = httpx.get(f"{shop}/orders", headers=owner).json()["orders"]
    assert (order["total"], order["contact"]["name"]) == (198000, "Bình")

    too_many = {"lines": [{"sku": "S-1", "quantity": 4}]}
    assert httpx.post(f"{shop}/orders", json=too_many).status_code == 409
    again = {"id": "mine", "lines": [{"sku": "S-1", "quantity": 1}]}
    assert [httpx.post(f"{shop}/orders", json=again).status_code for _ in range(2)] == [201, 200]


def test_older_versions_are_refused_item_by_item(world):
    owner = put_shop(world.url, "versions")
    url = f"{world.url}/shops/versions/offers"

    def push(*offers):
        results = httpx.post(url, json={"offers": offers}, headers=owner).json()["results"]
        return [result["status"] for result in results]

    assert push(offer(), offer(sku="S-2")) == ["taken", "taken"]
    assert push(offer(version=2, price=1), offer(sku="S-2", version=4)) == ["stale", "taken"]
    assert push(offer(version=3, price=1)) == ["taken"]
    assert httpx.get(url, params={"sku": "S-1"}, headers=owner).json()["offers"][0]["price"] == 120000
    assert push(offer(version=3, price=1, overwrite=True)) == ["taken"]
    assert httpx.get(url, params={"sku": "S-1"}, headers=owner).json()["offers"][0]["price"] == 1
    assert httpx.post(url, json={"offers": [offer()] * 101}, headers=owner).status_code == 413
    assert httpx.post(url, content=b"{", headers=owner).status_code == 400


def test_messages_are_read_in_the_inbox_and_a_repeated_sms_is_one(tmp_path):
    world = World(tmp_path)
    token = httpx.put(f"{world.url}/sms/settings", json={}).json()["token"]
    owner = {"Authorization": f"Bearer {token}"}
    told = {"id": "m-1", "to": "+84912345678", "text": "Mã <b>123456</b>"}
    answers = [httpx.post(f"{world.url}/sms/messages", json=told, headers=owner).status_code for _ in range(2)]
    assert answers == [201, 200]
    assert httpx.post(f"{world.url}/sms/messages", json=told).status_code == 401
    assert len(world.received("sms", "+84912345678")) == 1
    assert "Mã &lt;b&gt;123456&lt;/b&gt;" in httpx.get(f"{world.url}/inbox").text
    assert world.end() == 0


def test_it_imports_nothing_of_django():
    code = "import sys, omni.embedded.peer.http, omni.embedded.peer.mail; print('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
