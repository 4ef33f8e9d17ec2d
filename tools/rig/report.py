"""
What `make up` says when all is well.
"""

from collections.abc import Sequence

from rig.environment import Environment


def ready(environment: Environment, mode: str, services: Sequence[str]) -> str:
    """
    Return where everything is, and what to try next.
    """
    host = environment["BIND_ADDRESS"]
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    rows = [
        ("control (gRPC)", f"{host}:{environment['GRPC_PORT']}"),
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
    rows.append(("session files", str(environment.sessions)))
    rows += [
        ("try next", "make record SECONDS=20 SESSION=first"),
        ("look", "make ps, make logs SERVICE=collector"),
        ("stop", "make down  (keeps all data)"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    return f"The rig is up ({mode}): {', '.join(services)}\n" + "\n".join(lines)
