"""What the outside world remembers: one SQLite file with full durability, and a log of each request."""

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS shop (code TEXT PRIMARY KEY, settings TEXT NOT NULL, faults TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS offer (
  shop TEXT NOT NULL, sku TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, updated_at TEXT NOT NULL,
  PRIMARY KEY (shop, sku));
CREATE TABLE IF NOT EXISTS shop_order (
  number INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  modified_at TEXT NOT NULL, UNIQUE (shop, id));
CREATE TABLE IF NOT EXISTS message (
  number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, sent_to TEXT NOT NULL,
  body TEXT NOT NULL, received_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_to ON message (kind, sent_to);
CREATE UNIQUE INDEX IF NOT EXISTS sms_once ON message (id) WHERE kind = 'sms';
"""

Row = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """One connection for all threads, one statement at a time; nothing is acknowledged before it is on the disk."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._base = sqlite3.connect(folder / "peer.sqlite3", check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(SCHEMA)
        self._log = (folder / "requests.log").open("a", encoding="utf-8")

    def close(self) -> None:
        with self._lock:
            self._base.close()
            self._log.close()

    def log(self, **entry: Any) -> None:
        """One line for one request, on the disk before its answer leaves. Never a body, a code or a person."""
        with self._lock:
            self._log.write(json.dumps({"at": now(), **entry}) + "\n")
            self._log.flush()
            os.fsync(self._log.fileno())

    # Shops

    def shops(self) -> list[str]:
        return [row[0] for row in self._read("SELECT code FROM shop WHERE code NOT IN ('sms', 'mail') ORDER BY rowid")]

    def settings(self, shop: str) -> Row | None:
        rows = self._read("SELECT settings FROM shop WHERE code = ?", shop)
        return json.loads(rows[0][0]) if rows else None

    def save_settings(self, shop: str, told: Row) -> Row:
        """Merge what was told into a shop's settings; a shop without a token gets one."""
        with self._lock:
            settings = (self.settings(shop) or {}) | told
            settings.setdefault("token", secrets.token_urlsafe(24))
            self._write(
                "INSERT INTO shop (code, settings) VALUES (?, ?)"
                " ON CONFLICT (code) DO UPDATE SET settings = excluded.settings",
                shop,
                json.dumps(settings),
            )
            return settings

    def faults(self, shop: str) -> Row:
        rows = self._read("SELECT faults FROM shop WHERE code = ?", shop)
        return json.loads(rows[0][0]) if rows else {}

    def save_faults(self, shop: str, faults: Row) -> None:
        self._write(
            "INSERT INTO shop (code, settings, faults) VALUES (?, '{}', ?)"
            " ON CONFLICT (code) DO UPDATE SET faults = excluded.faults",
            shop,
            json.dumps(faults),
        )

    # Offers

    def put_offers(self, shop: str, offers: Sequence[Row]) -> list[Row]:
        """Take offers one by one: an older version is refused, an equal one changes only what is to be overwritten."""
        results = []
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                for offer in offers:
                    results.append(self._put_offer(shop, dict(offer)))
                self._base.execute("COMMIT")
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
        return results

    def _put_offer(self, shop: str, offer: Row) -> Row:
        sku, version = str(offer["sku"]), int(offer["version"])
        overwrite = bool(offer.pop("overwrite", False))
        there = self._base.execute("SELECT version FROM offer WHERE shop = ? AND sku = ?", (shop, sku)).fetchone()
        if there and there[0] > version:
            return {"sku": sku, "status": "stale", "version": there[0], "reason": f"version {there[0]} is newer"}
        if not there or there[0] < version or overwrite:
            self._base.execute(
                "INSERT INTO offer (shop, sku, version, body, updated_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (shop, sku) DO UPDATE SET version = excluded.version, body = excluded.body,"
                " updated_at = excluded.updated_at",
                (shop, sku, version, json.dumps(offer), now()),
            )
        return {"sku": sku, "status": "taken", "version": version, "id": f"{shop}-{sku}"}

    def offers(self, shop: str, skus: Sequence[str] = (), after: str = "", limit: int = 500) -> list[Row]:
        """What the shop shows, by SKU."""
        named = f" AND sku IN ({','.join('?' * len(skus))})" if skus else ""
        rows = self._read(
            f"SELECT body, updated_at FROM offer WHERE shop = ? AND sku > ?{named} ORDER BY sku LIMIT ?",  # noqa: S608
            shop,
            after,
            *skus,
            limit,
        )
        return [json.loads(body) | {"updated_at": updated_at} for body, updated_at in rows]

    # Orders

    def put_order(self, shop: str, order: Row) -> tuple[Row, bool]:
        """Store an order unless its id is known; returns it and whether it is new."""
        with self._lock:
            for known in self.orders(shop, ids=[order["id"]]):
                return known, False
            self._write(
                "INSERT INTO shop_order (shop, id, body, modified_at) VALUES (?, ?, ?, ?)",
                shop,
                order["id"],
                json.dumps(order),
                order["modified_at"],
            )
            return order, True

    def orders(self, shop: str, *, since: str = "", ids: Sequence[str] = (), limit: int = 500) -> list[Row]:
        named = f" AND id IN ({','.join('?' * len(ids))})" if ids else ""
        rows = self._read(
            f"SELECT body FROM shop_order WHERE shop = ? AND modified_at >= ?{named}"  # noqa: S608
            " ORDER BY modified_at, number LIMIT ?",
            shop,
            since,
            *ids,
            limit,
        )
        return [json.loads(row[0]) for row in rows]

    # Messages

    def put_message(self, kind: str, id: str, to: str, body: Row) -> bool:
        """Store a message; an SMS whose id is known changes nothing. Mails are all kept, as a mail server does."""
        with self._lock:
            return (
                self._write(
                    "INSERT INTO message (kind, id, sent_to, body, received_at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    kind,
                    id,
                    to,
                    json.dumps(body),
                    now(),
                )
                == 1
            )

    def messages(self, kind: str, to: str = "", limit: int = 200) -> list[Row]:
        """The newest first."""
        rows = self._read(
            "SELECT number, id, sent_to, body, received_at FROM message"
            " WHERE kind = ? AND (? = '' OR sent_to = ?) ORDER BY number DESC LIMIT ?",
            kind,
            to,
            to,
            limit,
        )
        return [
            {"number": number, "id": id, "to": sent_to, **json.loads(body), "received_at": received_at}
            for number, id, sent_to, body, received_at in rows
        ]

    def _read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: Any) -> int:
        with self._lock:
            return self._base.execute(sql, values).rowcount
