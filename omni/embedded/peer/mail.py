"""The mail server: takes every mail for anybody and keeps it, unless it was told to fail."""

import asyncio
import email
import email.policy
import threading
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from omni.embedded.peer.store import Store

ANSWERS = {
    "busy": "451 4.3.0 Try again later",
    "unknown": "550 5.1.1 No such mailbox",
}


class Mailbox:
    """aiosmtpd calls `handle_DATA` once for each mail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        faults = self._store.faults("mail")
        if faults.get("mode") in ANSWERS and faults.get("to", address) == address:
            return ANSWERS[faults["mode"]]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        mail = email.message_from_bytes(
            content if isinstance(content, bytes) else content.encode(), policy=email.policy.default
        )
        assert isinstance(mail, EmailMessage)
        for address in envelope.rcpt_tos:
            self._store.put_message("mail", str(mail["Message-ID"] or ""), address.lower(), _read(mail))
        self._store.log(method="SMTP", path="mail", status=250, bytes=len(content))
        return "250 Stored"


def _read(mail: EmailMessage) -> dict[str, Any]:
    parts = {kind: mail.get_body(preferencelist=(kind,)) for kind in ("plain", "html")}
    texts = {kind: part.get_content() if isinstance(part, EmailMessage) else "" for kind, part in parts.items()}
    return {
        "message_id": str(mail["Message-ID"] or ""),
        "from": str(mail["From"] or ""),
        "subject": str(mail["Subject"] or ""),
        "text": texts["plain"],
        "html": texts["html"],
    }


class MailServer:
    """SMTP on 127.0.0.1 in a thread of its own; `port` is the one it got."""

    def __init__(self, store: Store, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        mailbox = Mailbox(store)
        self._server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(mailbox, hostname="peer.localhost", enable_SMTPUTF8=True, loop=self._loop),
                "127.0.0.1",
                port,
            )
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=3)
