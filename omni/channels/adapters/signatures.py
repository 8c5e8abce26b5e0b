"""Signatures of webhooks as Standard Webhooks lays them down (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from omni.channels.adapters.base import BadSignature

TOLERANCE_SECONDS = 300


def sign(secret: str, event_id: str, timestamp: int, raw: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body` in base64, after the scheme's version."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{event_id}.{timestamp}.".encode() + raw, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def verify(secrets: Sequence[str], headers: Mapping[str, str], raw: bytes, *, received_at: datetime) -> str:
    """The event's id, if any live secret (two while they change) signed this body within five minutes.

    Raises BadSignature. Compares in constant time and tries every secret and signature.
    """
    event_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    # At most eleven digits, as a far number is no time and a longer one costs.
    if not event_id or len(event_id) > 200 or not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        raise BadSignature
    if abs(received_at.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature
    told = headers.get("webhook-signature", "").encode().split()
    good = False
    for secret in secrets:
        try:
            ours = sign(secret, event_id, int(stamp), raw).encode()
        except (binascii.Error, ValueError):
            continue
        for signature in told:
            good |= hmac.compare_digest(ours, signature)
    if not good:
        raise BadSignature
    return event_id
