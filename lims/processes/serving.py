# SPDX-License-Identifier: Apache-2.0
"""The web server of a laboratory, and the lock that keeps a process the only one of its kind."""

import os
from pathlib import Path
from typing import Any

import click
from flask import Flask

from lims.core.settings import Settings

if os.name == "posix":
    import fcntl

    from gunicorn.app.base import BaseApplication
else:
    import msvcrt

    import waitress

THREADS = 64
"""An open station page holds a thread (server-sent events)."""

DRAIN_SECONDS = 5

LOCAL = ("127.0.0.1", "localhost", "::1")


def run_server(
    app: Flask, settings: Settings, *, host: str, port: int, drain: int = DRAIN_SECONDS
) -> None:
    """Serve until interrupted; TLS on every address but this machine's own.

    `drain` is how many seconds requests under way get to end in.
    """
    local = host in LOCAL
    if os.name != "posix":
        if not local:
            raise click.UsageError("On Windows put a TLS proxy in front and serve 127.0.0.1.")
        waitress.serve(app, host=host, port=port, threads=THREADS)
        return
    options: dict[str, Any] = {
        "bind": f"{host}:{port}",
        "workers": 1,
        "threads": THREADS,
        "worker_class": "gthread",
        "graceful_timeout": drain,
        "timeout": 120,
        "keepalive": 30,
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    if not local:
        options["certfile"] = str(settings.folder / "server.pem")
        options["keyfile"] = str(settings.keys / "server.key")

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
        """gunicorn over one application, set up in code."""

        def load_config(self) -> None:
            """Take our options."""
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            """Return the application."""
            return app

    Server().run()


def only_one(path: Path) -> bool:
    """Hold a lock until this process ends; return False when another process holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.name == "posix":
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows only
    except OSError:
        os.close(lock)
        return False
    return True
