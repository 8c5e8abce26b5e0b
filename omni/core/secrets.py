"""Codes and tokens: made at random, kept only as a keyed hash, compared in constant time."""

import hashlib
import hmac
import secrets

from django.conf import settings

# Without the letters and digits that people mistake for each other when reading a code aloud.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_token(prefix: str) -> str:
    """A bearer token of 192 random bits; the prefix says what kind it is when one is found in the open."""
    return f"{prefix}_{secrets.token_urlsafe(24)}"


def new_code(length: int = 8) -> str:
    """A code that a person can read aloud."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def as_typed(code: str) -> str:
    """A code as people type it off: spaces, dashes and small letters do not matter."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def code_of(purpose: str, nonce: str, length: int = 8) -> str:
    """The code that follows from a nonce under CODE_KEY: the same each time it is told, known from no table."""
    number = int(fingerprint(f"{purpose}-code", nonce), 16)
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def new_nonce() -> str:
    """128 random bits to derive a code from."""
    return secrets.token_hex(16)


def new_digits(length: int = 6) -> str:
    """A numeric code, for a telephone's keypad."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


def fingerprint(purpose: str, value: str) -> str:
    """HMAC-SHA256 of a code or token under CODE_KEY, bound to its purpose; 64 hex characters."""
    key = hashlib.sha256(f"{purpose}:{settings.CODE_KEY}".encode()).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
