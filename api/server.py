"""The server that runs the service: its port, its log, its start and its end."""

from __future__ import annotations

import gc
import logging
import signal
import socket

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.connection import Connection
from api.sparql.transfer import TransferAborted
from core.console import err
from core.errors import SettingsError
from core.settings import Settings

#: Seconds that answers under way get when the service is told to stop.
_GRACE = 5
_BACKLOG = 2048


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop.

    Raises:
        SettingsError: the port is taken, or the address is not this machine's.
        RadiographError: the service cannot answer here at all.
    """
    listener = _listen(host, port)
    app = create_app(settings)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    server = _Server(_configuration(app), address)
    # Told to stop, the server ends in good order; it then raises the signal again, which would make that a fault.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with listener:
        server.run(sockets=[listener])
    if app.state.refusal is not None:
        raise app.state.refusal


class _Server(uvicorn.Server):
    """Says where to click once everything is open."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Looking through all that was loaded for what can be forgotten takes 0.2 s, in which nobody is answered.
        gc.collect()
        gc.freeze()
        if self.started:
            err.print(f"Radiograph is at {self._address}/ (SPARQL: {self._address}/sparql); stop it with Ctrl-C")


class _Readable(logging.Filter):
    """Drops tracebacks of what is no fault of the program."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__()
        self._app = app

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], TransferAborted):
            record.msg, record.args, record.levelno, record.levelname = (
                f"an answer was cut: {record.exc_info[1]}",
                (),
                logging.WARNING,
                "WARNING",
            )
            record.exc_info = None
        # What kept the service from starting is told by the command, in one line.
        return self._app.state.refusal is None


def _configuration(app: FastAPI) -> uvicorn.Config:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_Readable(app))
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,  # who asked what is personal data
        server_header=False,
        proxy_headers=False,  # nothing depends on what a client says of itself
        timeout_graceful_shutdown=_GRACE,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is opened.

    Raises:
        SettingsError: it is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            remedy="end what uses the port, or choose another with --port",
        ) from None
    return listener
