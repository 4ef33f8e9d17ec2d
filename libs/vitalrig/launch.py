"""
The services as commands: each starts one, or says which extra it needs.

`python -P -m vitalrig.launch collector --flags` runs one from any folder; the wheel's commands
`physiology_server`, `vitalrig-collector`, `vitalrig-exporter` and `vitalrig-telemetry` stand
here, too.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from vitalrig.extras import is_ours, missing
from vitalrig.installation import tree_root

EXTRAS = {"telemetry": "telemetry,service"}
"""What brings a service's packages, where that is not the extra of its name: some use one alone."""


def physiology_server() -> None:
    """Run `physiology_server`."""
    sys.exit(launch("physiology_server", sys.argv[1:], "physiology_server"))


def collector() -> None:
    """Run the collector."""
    sys.exit(launch("collector", sys.argv[1:], "vitalrig-collector"))


def exporter() -> None:
    """Run the exporter."""
    sys.exit(launch("exporter", sys.argv[1:], "vitalrig-exporter"))


def telemetry() -> None:
    """Run the telemetry service."""
    sys.exit(launch("telemetry", sys.argv[1:], "vitalrig-telemetry"))


def launch(name: str, argv: Sequence[str], title: str = "") -> int | str:
    """
    Run a service in this process, from the tree or the wheel that this module is part of.

    Args:
        name: The service, such as `collector`, or a module of one, such as `collector.relay`.
        argv: Its arguments, without the program's name.
        title: What it is called in messages, if not by its name.

    Returns:
        Its exit status, or why it cannot be run.
    """
    title = title or name
    sys.path.insert(0, str(tree_root()))
    wanted = f"services.{name}"
    try:
        spec = find_spec(wanted)
        if spec is None:
            return f"{title} is not part of this installation"
        is_package = spec.submodule_search_locations is not None
        module = import_module(f"{wanted}.__main__" if is_package else wanted)
    except ImportError as exc:
        if f"{wanted}.".startswith(f"{exc.name}."):
            return f"{title} is not part of this installation"
        if is_ours(exc):
            raise
        service = name.partition(".")[0]
        return f"{title}: {missing(exc, 'it', EXTRAS.get(service, service))}"
    return int(module.main(argv))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("which service? python -P -m vitalrig.launch physiology_server --help")
    sys.exit(launch(sys.argv[1], sys.argv[2:]))
