"""
What `make up` says when all is well.
"""

from collections.abc import Mapping, Sequence

from rig.environment import Environment
from rig.fleet import Fleet

_SHOWN = 12


def ready(
    environment: Environment,
    fleet: Fleet,
    mode: str,
    services: Sequence[str],
    without: Mapping[str, str],
) -> str:
    """
    Return where everything is, what is missing, and what to try next.

    Args:
        environment: The rig's variables.
        fleet: Its cameras.
        mode: How it runs.
        services: What runs.
        without: What could not be started, and why.
    """
    host = environment.host
    rows = [
        ("events", f"http://127.0.0.1:{environment['TELEMETRY_PORT']}/docs"),
        *_control(fleet, host),
        ("metrics", f"http://{host}:{environment['EXPORTER_PORT']}/metrics"),
    ]
    if "prometheus" in services:
        rows.append(("Prometheus", f"http://{host}:{environment['PROMETHEUS_PORT']}"))
    if "alertmanager" in services:
        rows.append(("Alertmanager", f"http://{host}:{environment['ALERTMANAGER_PORT']}"))
    if "grafana" in services:
        password = environment.path("SECRETS_DIR") / "grafana_admin_password"
        url = f"http://{host}:{environment['GRAFANA_PORT']}"
        rows.append(("Grafana", f"{url}  (user admin, password in {password})"))
    rows += [(f"no {service}", why) for service, why in without.items()]
    rows.append(("session files", str(environment.sessions)))
    rows.append(("events' files", str(environment.telemetry)))
    rows += [
        ("try next", f"make record SECONDS=20 SESSION=first{_which(fleet)}"),
        ("look", "make ps, make logs SERVICE=collector"),
        ("stop", "make down  (keeps all data)"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    return f"The rig is up ({mode}): {', '.join(services)}\n" + "\n".join(lines)


def _control(fleet: Fleet, host: str) -> list[tuple[str, str]]:
    cameras = fleet.cameras
    if len(cameras) == 1:
        return [("control (gRPC)", f"{host}:{fleet.grpc_port}")]
    rows = [(f"gRPC of {camera.name}", f"{host}:{fleet.port(camera)}") for camera in cameras]
    if len(rows) > _SHOWN:
        rows = [*rows[: _SHOWN - 1], ("...", f"{len(rows)} cameras"), rows[-1]]
    return rows


def _which(fleet: Fleet) -> str:
    return f" CAMERA={fleet.cameras[0].name}" if len(fleet.cameras) > 1 else ""
