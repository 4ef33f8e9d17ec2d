"""How far each camera has been taken into files."""

import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.collector.checkpoints import FILE_NAME, UNUSABLE, Checkpoint, Checkpoints
from tests.unit.collector.making import START, STOP, Rig
from tests.unit.ipc.making import START_US, edge

GOOD = Checkpoint("5-1", "run", 7, "first", "run", 100, {"rejected": {"not_json": 1}})
NONSENSE = {
    "entry_id": [7, "x", "-1", "1-2-3", "5-99999999999999999999", "1e3-0", "٣-1", None],
    "run": [7, None, "x" * 257, []],
    "seq": [-1, 1.5, "7", True, 2**64, None],
    "session_id": ["../../etc/x", "a/b", ".", "\0", 7, None, "x" * 200],
    "session_run": [7, None, "x" * 257],
    "size_bytes": [-1, "9", 10**30, 1.0, False, None],
    "losses": [[], "x", 7, None],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from([*NONSENSE, "colour"]), JSON)


def holding(folder, document):
    """Checkpoints of a folder whose file holds *document*, text or what becomes JSON."""
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / FILE_NAME).write_text(text)
    return Checkpoints(folder)


def test_a_position_that_was_saved_is_found_by_the_next_start(tmp_path):
    """
    A restart goes on where the last run ended.
    """
    positions = Checkpoints(tmp_path)
    positions.set("physiology", GOOD)
    positions.save()

    assert GOOD == Checkpoints(tmp_path).of("physiology")


def test_what_is_saved_for_good_is_told(tmp_path):
    """
    A position that is written down without waiting for the disk is not, nor one set aside.
    """
    positions = Checkpoints(tmp_path)
    told = []
    for step in (
        lambda: positions.set("physiology", GOOD),
        positions.save_unsynced,
        positions.save,
        lambda: positions.set_aside("physiology", "its file is gone"),
    ):
        step()
        told.append(positions.saved_ids)

    assert [{}, {}, {"physiology": GOOD.entry_id}, {}] == told


def test_a_position_that_was_not_saved_is_not_believed(tmp_path):
    """
    Only what is on disk counts.
    """
    Checkpoints(tmp_path).set("physiology", Checkpoint("5-1"))

    assert Checkpoint() == Checkpoints(tmp_path).of("physiology")


def test_a_broken_file_is_an_empty_one(tmp_path):
    """
    Rubbish after a power cut does not keep the collector from recording.
    """
    assert Checkpoint() == holding(tmp_path, '{"physiology": [').of("physiology")


def test_fields_of_a_later_version_are_no_reason_to_stop(tmp_path):
    """
    After a downgrade the collector starts with what comes now.
    """
    later = {"physiology": {"entry_id": "5-1", "colour": "red"}}

    assert Checkpoint() == holding(tmp_path, later).of("physiology")


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_a_position_that_makes_no_sense_costs_no_other_camera_its_own(tmp_path, name, value):
    """
    What can be used is used; what cannot is as if it were not there.
    """
    bad = asdict(GOOD) | {name: value}
    positions = holding(tmp_path, {"bad": bad, "good": asdict(GOOD)})

    assert (Checkpoint(), GOOD) == (positions.of("bad"), positions.of("good"))


def test_what_cannot_be_used_is_kept_under_another_name_and_said_once(tmp_path, caplog):
    """
    Somebody may want to know what happened; the next start has nothing to say.
    """
    document = {"bad": {"seq": "many"}, "good": asdict(GOOD)}
    holding(tmp_path, document)
    Checkpoints(tmp_path)

    assert document == json.loads((tmp_path / UNUSABLE).read_text())
    assert [GOOD] == [Checkpoint.parse(each) for each in saved(tmp_path).values()]
    assert ["positions set aside; these cameras start anew with what their streams hold"] == [
        record.message for record in caplog.records
    ]


def saved(folder):
    return json.loads((folder / FILE_NAME).read_text())


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(["physiology", "ward"]), JSON | FIELDS))
@example({"physiology": {"seq": 10**400}})
@example([1])
def test_whatever_the_file_holds_a_camera_can_be_recorded(tmp_path_factory, document):
    """
    No content of it ends the collector, at the first start or the next.
    """
    folder = tmp_path_factory.mktemp("sessions")
    (folder / FILE_NAME).write_text(json.dumps(document))
    for _ in range(2):
        rig = Rig(folder)
        rig.recorder.take(rig.arrivals(START, edge(START_US), STOP, first=10))
        rig.recorder.close()

    assert START in rig.lines


@pytest.mark.parametrize("size_bytes", [3, 10_000])
def test_a_position_that_does_not_fit_its_file_is_not_believed(tmp_path, size_bytes):
    """
    Its lines are recognised when the stream gives them again, and each is kept once.
    """
    rig = Rig(tmp_path)
    arrivals = rig.arrivals(START, edge(START_US), edge(START_US + 1))
    rig.recorder.take(arrivals)
    document = {"physiology": asdict(rig.positions.of("physiology")) | {"size_bytes": size_bytes}}
    rig.restart_with(json.dumps(document))
    rig.recorder.take([*rig.behind_position(arrivals), *rig.arrivals(STOP, first=4)])

    assert [START, edge(START_US), edge(START_US + 1), STOP] == rig.lines
