"""Serves the pages with uvicorn: as a command until it is told to stop, or in a thread beside something else."""

import socket
import threading

import uvicorn

from intake.errors import IntakeError
from intake.jobs import Installation
from intake.web.app import make_app

GOODBYE_SECONDS = 10


class AddressTaken(IntakeError):
    """The pages cannot be served there: something else uses web.port, or web.host is no address of this machine."""


def serve(this: Installation) -> None:
    """Serve until SIGINT or SIGTERM. Raises AddressTaken."""
    web = this.settings.web
    with listen(web.host, web.port) as listening:
        uvicorn.Server(_config(this)).run(sockets=[listening])


class Serving:
    """The pages on a socket that listens already, served by a thread of their own."""

    def __init__(self, this: Installation, listening: socket.socket) -> None:
        self._server = uvicorn.Server(_config(this))
        self._listening = listening
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="pages")

    def __enter__(self) -> "Serving":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Connections that come before the server runs wait."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        raise AddressTaken(f"{' '.join((AddressTaken.__doc__ or '').split())} ({error.strerror})") from None


def _config(this: Installation) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(this),
        log_config=None,
        access_log=False,  # it would print addresses and search words
        server_header=False,
        # The network address of a visitor is believed from a proxy on this machine only.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
