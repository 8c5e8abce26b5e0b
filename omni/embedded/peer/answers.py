"""A request as the handlers see it, what they answer, and how they refuse."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    code: str
    query: dict[str, list[str]]
    body: bytes
    content_type: str
    authorization: str
    language: str

    def first(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    @property
    def is_form(self) -> bool:
        return self.content_type.startswith("application/x-www-form-urlencoded")

    def fields(self) -> dict[str, Any]:
        """The body as an object, from JSON or a form. ValueError where it is none."""
        told = dict(parse_qsl(self.body.decode())) if self.is_form else json.loads(self.body or b"{}")
        if not isinstance(told, dict):
            raise ValueError("an object is expected")
        return told

    @property
    def speaks(self) -> str:
        """`vi` or `en`: as the address asks, else as the browser does, else Vietnamese."""
        asked = self.first("lang") or self.language[:2]
        return "en" if asked == "en" else "vi"


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, or HTML where the body is text. `logged` goes into the request log."""

    status: int
    body: dict[str, Any] | str
    location: str = ""
    logged: dict[str, Any] = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status: int, code: str, **more: Any) -> None:
        self.status, self.code, self.more = status, code, more
        super().__init__(code)
