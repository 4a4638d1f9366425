"""The command that serves: ``radiograph serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.settings import load_settings


def mount(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the current release: pages, SPARQL, feeds and datasets. Follows new releases by itself."""
    # Only here: the service is a third of what there is to import, and every other command would wait for it.
    from api.server import run

    run(load_settings(), host, port)
