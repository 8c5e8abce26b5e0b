"""The one HTTP client that speaks to the outside: a deadline for the whole call, never inside a transaction."""

import time
from dataclasses import dataclass
from typing import Any

import httpx
from django.db import connection

_client: httpx.Client | None = None


class TransportError(Exception):
    """The other side could not be reached or did not answer well. `permanent`: trying again cannot help."""

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers and the body, read whole within the deadline."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        return httpx.Response(self.status, content=self.body).json()


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
    deadline: float = 10.0,
    max_bytes: int = 20_000_000,
) -> Answer:
    """Make one call. `deadline` in seconds bounds all of it, also a peer that sends a byte now and then.

    Raises TransportError when nothing whole came back in time; any HTTP status is an Answer. Refuses to run
    inside a transaction: a slow partner must never hold our locks.
    """
    if connection.in_atomic_block and not connection.needs_rollback:
        raise RuntimeError("No network inside a transaction: write an outbox row and let the relay speak.")
    ends = time.monotonic() + deadline
    try:
        with _shared_client().stream(
            method, url, json=json, content=content, headers=headers, timeout=httpx.Timeout(deadline)
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > ends:
                    raise TransportError(f"no whole answer within {deadline:g} s")
                if len(body) > max_bytes:
                    raise TransportError(f"an answer of more than {max_bytes} bytes", permanent=True)
            return Answer(status=response.status_code, headers=response.headers, body=bytes(body))
    except httpx.HTTPError as error:
        raise TransportError(f"{type(error).__name__}: {error}") from error


def _shared_client() -> httpx.Client:
    # Kept connections: one client a process, safe for many threads.
    global _client
    if _client is None:
        _client = httpx.Client(limits=httpx.Limits(max_connections=100, max_keepalive_connections=20))
    return _client
