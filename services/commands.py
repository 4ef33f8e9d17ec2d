"""The commands of services in an installation: they start one, or say which extra it needs."""

import sys
from importlib import import_module

from vitalrig.extras import is_ours, missing


def physiology_server() -> None:
    """Run `physiology_server`."""
    _run("physiology_server")


def _run(name: str) -> None:
    try:
        service = import_module(f"services.{name}.__main__")
    except ImportError as exc:
        if exc.name == f"services.{name}":
            sys.exit(f"{name} is not part of this installation")
        if is_ours(exc):
            raise
        sys.exit(f"{name}: {missing(exc, 'it', name)}")
    sys.exit(service.main(sys.argv[1:]))
