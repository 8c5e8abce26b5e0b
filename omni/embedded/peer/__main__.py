"""`python -m omni.embedded.peer --data-dir DIR [--port N] [--smtp-port N]`: ends when standard input does."""

import argparse
import contextlib
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from omni.embedded.peer.http import make_server
from omni.embedded.peer.mail import MailServer
from omni.embedded.peer.store import Store


def main() -> None:
    arguments = _arguments()
    arguments.data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(arguments.data_dir)
    signal.signal(signal.SIGTERM, _end)
    mail = MailServer(store, arguments.smtp_port)
    web = make_server(store, arguments.port)
    threading.Thread(target=web.serve_forever, name="http", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        print(json.dumps({"http_port": web.server_address[1], "smtp_port": mail.port}), flush=True)  # noqa: T201
        # Nobody writes here; the end of the stream is the end of whoever started us.
        while sys.stdin.buffer.read(4096):
            pass
    web.shutdown()
    mail.stop()
    store.close()


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m omni.embedded.peer", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where it keeps what it was told")
    parser.add_argument("--port", type=int, default=0, help="HTTP on 127.0.0.1; 0 takes a free port")
    parser.add_argument("--smtp-port", type=int, default=0, help="SMTP on 127.0.0.1; 0 takes a free port")
    return parser.parse_args()


if __name__ == "__main__":
    main()
