"""
Grafana's dashboards as code: what `make dashboards` writes into config/grafana/dashboards.

Built with Grafana's own models (grafana-foundation-sdk, the 11.x line). No dashboard shows
waveforms: Prometheus sees a value every few seconds, and a wave of thirty values a second would
come out as another one. Hence phasic blood pressure and micromotion are on none of them.
"""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import camera, fleet, pipeline, recording

DASHBOARDS = {
    "fleet": fleet.dashboard,
    "camera": camera.dashboard,
    "pipeline": pipeline.dashboard,
    "recording": recording.dashboard,
}
"""What makes each dashboard, by the name of its file."""


def render() -> dict[str, str]:
    """
    Return the text of every dashboard's file, by the file's name.
    """
    return {
        f"{name}.json": json.dumps(make(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
        for name, make in DASHBOARDS.items()
    }
