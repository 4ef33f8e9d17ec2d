"""A real Alertmanager with the shipped example route."""

import json
import urllib.request

import pytest

from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.programs import program
from tests.support.rig_files import ROOT

CAMERA = {"job": "exporter", "instance": "here", "camera": "physiology"}
RIG = {"job": "exporter", "instance": "here"}
ELSEWHERE = {"job": "exporter", "instance": "there", "camera": "physiology"}


CONTROL = {"job": "exporter", "instance": "control", "camera": "physiology"}


def key(labels):
    return labels["alertname"], labels["severity"], labels.get("instance", "")


class Alertmanager:
    """Takes alerts as Prometheus hands them over, and says what became of them."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}"

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=PATIENCE_S) as answer:
                return answer.status == 200
        except OSError:
            return False

    def take(self, *alerts):
        document = json.dumps([{"labels": labels} for labels in alerts]).encode()
        request = urllib.request.Request(
            f"{self._url}/api/v2/alerts", document, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S):
            pass

    def alerts(self):
        with urllib.request.urlopen(f"{self._url}/api/v2/alerts", timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def held_back(self):
        return {key(each["labels"]) for each in self.alerts() if each["status"]["inhibitedBy"]}


@pytest.fixture
def alertmanager(tmp_path):
    binary = program("prometheus-alertmanager", package="prometheus-alertmanager")
    port = free_port()
    command = [
        binary, f"--config.file={ROOT / 'config' / 'alertmanager' / 'alertmanager.yml'}",
        f"--storage.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    found = Alertmanager(port)
    with OwnProcess("alertmanager", command, tmp_path).until(found.is_ready):
        yield found


def alert(name, severity, labels):
    return {"alertname": name, "severity": severity, **labels}


STALLED = alert("VitalrigRecordingStalled", "critical", CAMERA)


@pytest.mark.parametrize(
    ("cause", "follows"),
    [
        (
            alert("VitalrigExporterDown", "critical", RIG),
            [STALLED, alert("VitalrigDiskFullSoon", "critical", RIG)],
        ),
        (
            alert("VitalrigRedisDown", "critical", RIG),
            [STALLED, alert("VitalrigServiceSilent", "warning", RIG)],
        ),
        (alert("VitalrigRecordingWriteFailures", "critical", CAMERA), [STALLED]),
        (
            alert("VitalrigDiskFullSoon", "critical", RIG),
            [alert("VitalrigDiskFullSoon", "warning", RIG)],
        ),
    ],
    ids=["no exporter", "no Redis", "a disk that refuses", "a disk that is nearly full"],
)
def test_what_follows_from_something_worse_is_not_told_as_well(alertmanager, cause, follows):
    """
    One cause wakes somebody once.
    """
    alertmanager.take(cause, *follows)

    eventually(lambda: alertmanager.held_back() == set(map(key, follows)))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (alert("VitalrigExporterDown", "critical", ELSEWHERE), STALLED),
        (
            alert("VitalrigRedisDown", "critical", RIG),
            alert("VitalrigDiskFullSoon", "critical", RIG),
        ),
        (alert("VitalrigExporterDown", "critical", RIG), alert("VitalrigWatchdog", "none", {})),
        (alert("VitalrigSubjectLost", "warning", CAMERA), STALLED),
    ],
    ids=["another rig", "a full disk may be why", "the sign of life", "another matter"],
)
def test_what_does_not_follow_is_told(alertmanager, other, told):
    """
    Holding back one alert too many is worse than telling one too many.
    """
    alertmanager.take(other, told)
    held_back = alert("VitalrigRecordingStalled", "critical", CONTROL)
    alertmanager.take(alert("VitalrigRecordingWriteFailures", "critical", CONTROL), held_back)

    # Once it holds back what came last, it has made up its mind about what came first.
    eventually(lambda: key(held_back) in alertmanager.held_back())
    assert {key(held_back)} == alertmanager.held_back()
