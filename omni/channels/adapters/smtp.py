"""E-mail by SMTP: text and HTML, a Message-ID that is the same for every try of one message."""

import smtplib
from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from omni.channels.adapters.base import NOTICE, Adapter, Item, ItemResult, Message, assert_no_transaction
from omni.channels.health import start_afresh
from omni.core.db import write
from omni.core.http import TransportError
from omni.core.models import Channel


class Smtp(Adapter):
    """Settings: `host`, `port`, `username`, `password`, `use_tls`, `from`; what is missing is the project's own.

    SMTP has no way to ask "have you this one already?", so a worker that dies between the server's yes and our
    mark sends the mail again, under the same Message-ID. One mail a call keeps that window small.
    """

    handles = frozenset({NOTICE})
    batch_size = 1
    shows = frozenset()

    def push(self, channel: Channel, items: Sequence[Item]) -> list[ItemResult]:
        assert_no_transaction()
        backend = _backend(channel, self.deadline)
        try:
            backend.open()
            return [_send(channel, backend, item) for item in items]
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError(f"{type(error).__name__}: {error}") from error
        finally:
            _close(backend)


def connect(*, channel: Channel, host: str, port: int) -> None:
    """Make a channel send through the mail server at `host` and `port`."""
    with write():
        channel.settings = channel.settings | {"host": host, "port": port}
        channel.adapter = "smtp"
        channel.save(update_fields=["settings", "adapter"])
        start_afresh(channel)


def _send(channel: Channel, backend: EmailBackend, item: Item) -> ItemResult:
    try:
        backend.send_messages([_mail(channel, item.mail)])
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        return _refused(item, code, words)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _refused(item, error.smtp_code, error.smtp_error)
    return ItemResult(key=item.key, ok=True)


def _refused(item: Item, code: int, words: bytes | str) -> ItemResult:
    # RFC 5321, 4.2.1: 5yz is for good, 4yz may be tried again.
    told = words.decode(errors="replace") if isinstance(words, bytes) else words
    return ItemResult(key=item.key, ok=False, permanent=code >= 500, reason=f"{code} {told}")


def _mail(channel: Channel, message: Message) -> EmailMultiAlternatives:
    sender = channel.settings.get("from") or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=sender,
        to=[message.to],
        headers={"Message-ID": f"<{message.id}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def _backend(channel: Channel, deadline: float) -> EmailBackend:
    own = channel.settings
    return EmailBackend(
        host=own.get("host") or settings.EMAIL_HOST,
        port=own.get("port") or settings.EMAIL_PORT,
        username=own.get("username") or settings.EMAIL_HOST_USER,
        password=own.get("password") or settings.EMAIL_HOST_PASSWORD,
        use_tls=own.get("use_tls", settings.EMAIL_USE_TLS),
        timeout=int(deadline),
        fail_silently=False,
    )


def _close(backend: EmailBackend) -> None:
    backend.fail_silently = True
    backend.close()
