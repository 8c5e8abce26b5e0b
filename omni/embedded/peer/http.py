"""The HTTP side of the outside world: who may call what, faults that tests switch on, and the answers."""

import hmac
import json
import re
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from omni.embedded.peer import pages, shops
from omni.embedded.peer.answers import Answer, Refused, Request
from omni.embedded.peer.store import Store

MAX_BODY = 20_000_000
CODE = r"(?P<code>[-\w]+)"
Handler = Callable[[Store, Request], Answer]


def settings_put(store: Store, request: Request) -> Answer:
    """The first caller of a shop becomes its owner and is told its token; later ones must hold it."""
    _owner(store, request, claim=True)
    return Answer(200, store.save_settings(request.code, request.fields()))


def settings_get(store: Store, request: Request) -> Answer:
    _owner(store, request)
    return Answer(200, store.settings(request.code) or {})


def faults_put(store: Store, request: Request) -> Answer:
    """{mode: ok | down | slow | poison | drop | busy | unknown, seconds?, skus?, to?}"""
    _owner(store, request, claim=True)
    store.save_faults(request.code, request.fields())
    return Answer(200, store.faults(request.code))


def sms_post(store: Store, request: Request) -> Answer:
    _owner(store, request)
    told = request.fields()
    if not re.fullmatch(r"\+\d{8,15}", str(told.get("to", ""))):
        raise Refused(422, "bad_number")
    new = store.put_message("sms", str(told["id"]), told["to"], {"text": str(told["text"])})
    return Answer(201 if new else 200, {"id": told["id"]})


def sms_get(store: Store, request: Request) -> Answer:
    return Answer(200, {"messages": store.messages("sms", request.first("to"))})


def mail_get(store: Store, request: Request) -> Answer:
    return Answer(200, {"messages": store.messages("mail", request.first("to").lower())})


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", r"/", pages.front),
    ("GET", r"/inbox", pages.inbox),
    ("PUT", r"/(?P<code>sms|mail)/settings", settings_put),
    ("PUT", r"/(?P<code>sms|mail)/faults", faults_put),
    ("POST", r"/(?P<code>sms)/messages", sms_post),
    ("GET", r"/sms/messages", sms_get),
    ("GET", r"/mail/messages", mail_get),
    ("GET", rf"/shops/{CODE}/?", pages.storefront),
    ("PUT", rf"/shops/{CODE}/settings", settings_put),
    ("GET", rf"/shops/{CODE}/settings", settings_get),
    ("PUT", rf"/shops/{CODE}/faults", faults_put),
    ("POST", rf"/shops/{CODE}/offers", shops.offers_post),
    ("GET", rf"/shops/{CODE}/offers", shops.offers_get),
    ("POST", rf"/shops/{CODE}/orders", shops.orders_post),
    ("GET", rf"/shops/{CODE}/orders", shops.orders_get),
]
# What a customer of the shop does; everything else there is its owner's.
PUBLIC = {pages.front, pages.inbox, pages.storefront, shops.orders_post, sms_get, mail_get}
CLAIMING = {settings_put, faults_put}


def _owner(store: Store, request: Request, *, claim: bool = False) -> None:
    token = (store.settings(request.code) or {}).get("token")
    if token is None:
        if claim:
            return
        raise Refused(404, "no_such_shop")
    if not hmac.compare_digest(f"Bearer {token}".encode(), request.authorization.encode()):
        raise Refused(401, "bad_token")


def make_server(store: Store, port: int) -> ThreadingHTTPServer:
    """HTTP on 127.0.0.1, one thread a connection; the caller runs it."""

    class Own(_Handler):
        pass

    Own.store = store
    server = _Server(("127.0.0.1", port), Own)
    server.daemon_threads = True
    return server


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ReferenceShop"
    # Headers and body leave as two writes; without this the second waits for an acknowledgement of the first.
    disable_nagle_algorithm = True
    timeout = 60
    store: Store

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return self._tell(Answer(413, {"error": "too_large"}))
        body = self.rfile.read(length)
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, url.path)
            if match and method == self.command:
                request = Request(
                    path=url.path,
                    code=match.groupdict().get("code") or "",
                    query=parse_qs(url.query, keep_blank_values=True),
                    body=body,
                    content_type=self.headers.get("Content-Type", ""),
                    authorization=self.headers.get("Authorization", ""),
                    language=self.headers.get("Accept-Language", ""),
                )
                return self._run(handler, request)
        return self._tell(Answer(404, {"error": "not_found"}))

    def _run(self, handler: Handler, request: Request) -> None:
        faults = {} if handler in CLAIMING else self.store.faults(request.code)
        if faults.get("mode") == "slow":
            time.sleep(float(faults.get("seconds", 5)))
        try:
            if faults.get("mode") == "down":
                raise Refused(503, "down")
            if handler not in PUBLIC and handler not in CLAIMING:
                _owner(self.store, request)
            answer = handler(self.store, request)
        except Refused as refused:
            answer = Answer(refused.status, {"error": refused.code, **refused.more})
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            answer = Answer(400, {"error": "malformed", "reason": repr(error)})
        self.store.log(
            method=self.command, path=request.path, status=answer.status, bytes=len(request.body), **answer.logged
        )
        if faults.get("mode") == "drop":
            # Done and on the disk, but the answer is lost on the way.
            self.close_connection = True
            return
        self._tell(answer)

    def _tell(self, answer: Answer) -> None:
        is_text = isinstance(answer.body, str)
        content = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html; charset=utf-8" if is_text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are logged by the store."""
