"""The whole shop in one process: database, web, worker, beat, and the neighbours it talks to."""

import gc
import json
import logging
import logging.handlers
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.translation import gettext as _

from omni.core.logs import LineFormatter
from omni.embedded import postgres
from omni.embedded.background import Beat, Worker
from omni.embedded.postgres.folder import EmbeddedError, FileLock, open_folder, remove_if_there
from omni.embedded.progress import Progress
from omni.embedded.web import HOST, Web, free_port

PEER_COMMAND = [sys.executable, "-m", "omni.embedded.peer"]
PEER_SECONDS = 30.0
# What the shop keeps in the data folder. A reset removes these and nothing else that may lie there.
KEPT = ("postgres", "postgres.log", "postgres.log.1", "shop.log", "shop.log.1", "peer", "peer.log", "media", "static")


@dataclass(frozen=True, slots=True)
class Shop:
    """Where an open shop is found. `passwords` are there only where this opening made them."""

    url: str
    peer_url: str
    peer_http_port: int
    peer_smtp_port: int
    data_dir: str
    passwords: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class Part(Protocol):
    """A running part of the shop."""

    def is_alive(self) -> bool: ...


@dataclass(slots=True)
class OpenShop:
    """An open shop with its parts, for who watches over them."""

    shop: Shop
    parts: dict[str, Part]

    def check(self) -> None:
        """Start the database again if it died; EmbeddedError if another part ended."""
        postgres.revive(settings.DATA_DIR)
        for name, part in self.parts.items():
            if not part.is_alive():
                raise EmbeddedError(_("%(part)s ended by itself. See %(log)s.") % {"part": name, "log": _log_file()})


@contextmanager
def open_shop(*, port: int, progress: Progress) -> Iterator[OpenShop]:
    """Open the shop over the data folder of the settings, and close it with the block.

    EmbeddedError where it is open already or something on this machine stands in the way.
    """
    data_dir = open_folder(settings.DATA_DIR)
    with ExitStack() as stack:
        stack.enter_context(_alone(data_dir))
        # Before the logging is turned to the file: loading these sets it up anew.
        application, worker, beat = _application(), Worker(), Beat()
        _log_to(_log_file())
        with progress.step(_("PostgreSQL")):
            stack.enter_context(postgres.running(data_dir))
        stack.callback(connections.close_all)
        with _without_collection():
            passwords = _prepare_data(data_dir, progress)

        port = free_port(port)
        url = f"http://{HOST}:{port}"
        with progress.step(_("Shops, mail and SMS next door")):
            peer = stack.enter_context(_Peer.started(data_dir))
            _connect_channels(peer, url)
        with progress.step(_("Web, worker and beat")):
            shop = Shop(
                url=url,
                peer_url=f"http://{HOST}:{peer.http_port}",
                peer_http_port=peer.http_port,
                peer_smtp_port=peer.smtp_port,
                data_dir=str(data_dir),
                passwords=passwords,
            )
            _tell_settings(shop)
            web = Web(application, port)
            worker.start()
            stack.callback(worker.stop)
            beat.start()
            stack.callback(beat.stop)
            web.start()
            stack.callback(web.stop)
        (data_dir / "open.json").write_text(json.dumps({"url": shop.url, "pid": os.getpid()}))
        stack.callback(remove_if_there, data_dir / "open.json")
        parts: dict[str, Part] = {_("The web server"): web, _("The worker"): worker}
        yield OpenShop(shop, parts | {_("Beat"): beat, _("The process next door"): peer})


def reset(data_dir: Path) -> None:
    """Remove the shop of a data folder; EmbeddedError while anything uses it."""
    data_dir = open_folder(data_dir)
    with _alone(data_dir), postgres.cleared(data_dir):
        remove_if_there(data_dir / "seeding")
        for name in KEPT:
            path = data_dir / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                remove_if_there(path)


def _prepare_data(data_dir: Path, progress: Progress) -> dict[str, str]:
    """Migrate, and fill the shop if it is empty; returns the passwords made, once."""
    begun = data_dir / "seeding"
    if begun.exists():
        with progress.step(_("An earlier start was cut short while filling the shop: begin it anew")):
            postgres.recreate_database(data_dir)
            remove_if_there(begun)
    with progress.step(_("Tables")):
        call_command("migrate", interactive=False, verbosity=0)
    from omni.core.models import Channel

    if Channel.objects.exists():
        progress.say(_("The shop is there already: its data stays as it is."))
        return {}
    from omni.embedded.seed import seed

    with progress.step(_("A retailer with its catalog, customers and orders")):
        begun.touch()
        passwords: dict[str, str] = seed(progress=progress)
        remove_if_there(begun)
    return passwords


@contextmanager
def _without_collection() -> Iterator[None]:
    """Making tables and a whole shop at once leaves little garbage; looking for it takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _connect_channels(peer: "_Peer", web_url: str) -> None:
    from omni.embedded.seed import connect_channels

    connect_channels(peer_http_port=peer.http_port, peer_smtp_port=peer.smtp_port, web_url=web_url)


def _application() -> Callable[..., Any]:
    # Where collected static files would be; the middleware warns of a folder that is not there.
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    from omni.wsgi import application

    return application


def _tell_settings(shop: Shop) -> None:
    """The ports are known only now. Programs that the shop starts read them from the environment."""
    if "PUBLIC_URL" not in os.environ:
        settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = shop.url
    settings.EMAIL_PORT = shop.peer_smtp_port
    os.environ["EMAIL_PORT"] = str(shop.peer_smtp_port)
    os.environ["OMNI_DATA_DIR"] = shop.data_dir


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One open shop for a data folder."""
    lock = FileLock(data_dir / "open.lock")
    try:
        if not lock.take():
            raise EmbeddedError(
                _("This shop is open already%(where)s. End it there, or set OMNI_DATA_DIR to open another one.")
                % {"where": _where(data_dir)}
            )
        yield
    finally:
        lock.close()


def _where(data_dir: Path) -> str:
    try:
        told = json.loads((data_dir / "open.json").read_text())
        return str(_(" at %(url)s (process %(pid)s)") % told)
    except (OSError, ValueError, KeyError):
        return ""


def _log_file() -> Path:
    return Path(settings.DATA_DIR) / "shop.log"


def _log_to(file: Path) -> None:
    """The terminal is for people: what the parts log goes to a file, to the end of this process.

    A task that does not end in time with the shop fails after it is closed, and that is nobody's concern.
    """
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=5_000_000, backupCount=1)
    handler.setFormatter(LineFormatter("{asctime} {levelname} {threadName} {name} {message}", style="{"))
    logging.getLogger().handlers = [handler]


class _Peer:
    """The process that plays the outside world: other people's shops, a mail server, an SMS gateway.

    It ends when its standard input does, so it cannot outlive us, however we end.
    """

    def __init__(self, process: subprocess.Popen[str], http_port: int, smtp_port: int) -> None:
        self._process = process
        self.http_port = http_port
        self.smtp_port = smtp_port

    def is_alive(self) -> bool:
        return self._process.poll() is None

    @classmethod
    @contextmanager
    def started(cls, data_dir: Path) -> Iterator["_Peer"]:
        folder = data_dir / "peer"
        folder.mkdir(exist_ok=True)
        with (data_dir / "peer.log").open("a") as log:
            process = subprocess.Popen(  # noqa: S603  our own program and arguments
                [*PEER_COMMAND, "--data-dir", str(folder), "--port", "0"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=settings.BASE_DIR,
                env=os.environ | {"OMNI_DATA_DIR": str(data_dir)},
                # A Ctrl-C in the terminal is for us; we end it in our order.
                start_new_session=True,
            )
        try:
            told = json.loads(_first_line(process) or "{}")
            if "http_port" not in told:
                raise EmbeddedError(_("The process next door did not start. See %s.") % (data_dir / "peer.log"))
            yield cls(process, told["http_port"], told["smtp_port"])
        finally:
            _end(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    """The first line a process prints, or nothing if it ends or takes too long. Later lines are dropped."""
    assert process.stdout is not None
    stdout = process.stdout
    lines: list[str] = []
    came = threading.Event()

    def read() -> None:
        lines.append(stdout.readline())
        came.set()
        for _line in stdout:
            pass

    threading.Thread(target=read, name="peer output", daemon=True).start()
    came.wait(PEER_SECONDS)
    return lines[0] if lines else ""


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
