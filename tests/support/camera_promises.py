"""
What a rig with more than one camera promises in both modes; tests/stack and tests/e2e give it.

The tests of a class share one rig and run in this order.
"""

import json
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.ports import free_ports_in_a_row
from tests.support.rig_handles import RigHandle
from tests.support.rig_promises import lines, median, samples

CAMERAS = """
- name: physiology
  pulse_rate: 66
- name: ward-2
  pulse_rate: 96
- name: apnea
  scenario: config/scenarios/apnea.yml
"""
RATES = {"physiology": 66, "ward-2": 96}


def three_cameras(folder: Path) -> dict[str, str]:
    """The variables of a rig with them."""
    path = folder / "cameras.yml"
    path.write_text(CAMERAS)
    port = str(free_ports_in_a_row(3))
    return {"CAMERAS_FILE": str(path), "CAMERAS": "", "GRPC_PORT": port}


class CameraPromises:
    """What every rig with more cameras promises. A subclass gives the fixture ``rig``, started."""

    def test_every_camera_is_on_the_page_with_its_own_numbers(self, rig: RigHandle):
        """
        Collector and exporter follow the list: nobody has to name a camera twice.
        """
        rates = eventually(lambda: self._rates(rig), within_s=60)

        assert RATES.keys() <= rates.keys()
        for camera, rate in RATES.items():
            assert abs(rates[camera] - rate) < 4, camera

    @staticmethod
    def _rates(rig: RigHandle) -> dict[str, float]:
        found = samples(rig.metrics(), "vitalrig_pulse_rate_beats_per_minute")
        rates = {labels.split('"')[1]: value for labels, value in found.items()}
        return rates if RATES.keys() <= rates.keys() else {}

    def test_a_recording_is_of_the_camera_that_was_named(self, rig: RigHandle):
        """
        Its files are in the camera's own folder, with that person's pulse.
        """
        rig.verb("record", "--seconds", "6", "--session", "two", "--camera", "ward-2")

        summary = json.loads((rig.sessions / "ward-2" / "metrics_two.json").read_text())
        pulse = summary["series"]["ward-2:core_metrics"]["pulse.rate"]["values"]
        assert abs(median(pulse) - RATES["ward-2"]) < 4
        assert not list(rig.sessions.glob("metrics_two*"))

    def test_without_a_name_it_is_asked_which_camera_is_meant(self, rig: RigHandle):
        """
        Recording the wrong person is worse than a question.
        """
        refused = rig.verb("record", "--seconds", "1", check=False)

        assert 1 == refused.returncode
        assert "CAMERA=physiology" in refused.stderr
        assert "ward-2" in refused.stderr

    def test_one_server_that_is_killed_costs_no_other_camera(self, rig: RigHandle):
        """
        Every camera has a server of its own; the others do not notice.
        """
        others = ("physiology_server", "physiology_server-apnea")
        before = {name: rig.identity(name) for name in (*others, "physiology_server-ward-2")}

        rig.kill("physiology_server-ward-2")

        eventually(
            lambda: (
                rig.identity("physiology_server-ward-2")
                not in {"0", "", before["physiology_server-ward-2"]}
            ),
            within_s=30,
        )
        assert {name: before[name] for name in others} == {
            name: rig.identity(name) for name in others
        }

    def test_ps_and_logs_know_every_camera(self, rig: RigHandle):
        """
        What runs is what is shown, by its name.
        """
        shown = rig.verb("ps").stdout
        log = rig.verb("logs", "--camera", "ward-2").stdout

        for service in ("physiology_server", "physiology_server-ward-2", "physiology_server-apnea"):
            assert service in shown
        assert "{" in log

    def test_a_camera_that_runs_is_not_ended_because_the_list_became_shorter(self, rig: RigHandle):
        """
        It may be recording; who wants it ended says `make down`.
        """
        refused = rig.verb("up", check=False, CAMERAS="1")

        assert 1 == refused.returncode
        assert "ward-2" in refused.stderr
        assert rig.identity("physiology_server-ward-2") not in {"", "0"}

    def test_doctor_looks_at_every_cameras_port(self, rig: RigHandle):
        """
        A taken port is known before anything starts.
        """
        shown = rig.verb("doctor", check=False).stdout

        assert "physiology, ward-2, apnea" in shown

    def test_down_leaves_none_of_them(self, rig: RigHandle):
        """
        The servers of all cameras are ended, and what they recorded stays.
        """
        rig.verb("down")

        assert [] == list(rig.left())
        assert len(lines(rig.sessions / "ward-2" / "metrics_two.jsonl")) > 100
