"""The web server as threads of this process.

granian's own command starts worker processes; its threaded server does the same work in threads, but asks
for a Python without the global lock, where threads would be worth it for speed. Here they are wanted for
another reason: one process, so that the in-memory broker carries messages from requests to the worker.
See docs/decisions/0002-one-process.md.
"""

import http.client
import socket
import time
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces, RuntimeModes
from granian.server.mt import MTServer, WorkerThread

from omni.embedded.postgres.folder import EmbeddedError

HOST = "127.0.0.1"
THREADS = 8


class _Threads(MTServer):
    """Its worker threads die with the process."""

    def _spawn_worker(self, idx: Any, target: Any, callback_loader: Any, socket_loader: Any = None) -> WorkerThread:
        worker = super()._spawn_worker(idx, target, callback_loader)
        worker.inner.daemon = True
        return worker


class Web:
    """Serves a WSGI application on a port of this machine."""

    def __init__(self, application: Callable[..., Any], port: int) -> None:
        self.port = port
        self._application = application
        # granian says that it is typed, and its servers are not.
        self._server: Any = _Threads(
            application,  # type: ignore[arg-type]
            address=HOST,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            runtime_mode=RuntimeModes.mt,
            blocking_threads=THREADS,
            # A thread keeps its database connection; let it live as long as the connection may.
            blocking_threads_idle_timeout=600,
            backpressure=256,
            websockets=False,
            log_enabled=False,
        )

    def start(self) -> None:
        """Return when the first answer came; EmbeddedError after half a minute without one."""
        self._server._init_shared_socket()
        self._server._spawn_workers(self._server._spawn_wsgi_worker, self._application)
        give_up = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > give_up or not self.is_alive():
                raise EmbeddedError(f"The web server on port {self.port} does not answer.")
            time.sleep(0.1)

    def is_alive(self) -> bool:
        return all(bool(worker.inner.is_alive()) for worker in self._server.wrks)

    def stop(self) -> None:
        """Take no more requests and give those that run three seconds to end."""
        for worker in self._server.wrks:
            worker.terminate()
        for worker in self._server.wrks:
            worker.inner.join(timeout=3)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=15)
        try:
            connection.request("GET", "/", headers={"Host": f"{HOST}:{self.port}"})
            connection.getresponse().read()
        except OSError:
            return False
        finally:
            connection.close()
        return True


def free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody has; 0 means any. EmbeddedError if fifty in a row are taken.

    The web server shares its port with others who ask to share it, so it would not notice by itself that
    another shop is there.
    """
    for port in range(wanted, min(wanted + 50, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A port whose last connections are still winding down is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen(1)
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError(f"No port from {wanted} on is free. Choose another: --port N.")
