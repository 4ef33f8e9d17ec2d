"""From YAML to a scenario; a mistake is a message with file, event number and key."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.physiology_server.scenarios.effects import EFFECTS
from services.physiology_server.scenarios.scenario_file import load_scenario, scenario_of
from vitalrig.errors import BadSettings


def refusal(*events, **keys):
    with pytest.raises(BadSettings) as refused:
        scenario_of({"name": "x", "timeline": list(events)} | keys, "x.yml")
    return str(refused.value)


APNEA = {"at_s": 5, "for_s": 10, "do": "apnea"}
RECORD = {"at_s": 1, "do": "record"}


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([{"at_s": 1, "do": "apnoea"}], "x.yml: event 1, do: 'apnoea' is not an effect; did"),
        ([APNEA, {"at_s": 1}], "x.yml: event 2, do: None is not an effect"),
        ([{"do": "apnea"}], "x.yml: event 1 (apnea), at_s: is missing"),
        ([APNEA | {"fors": 1}], "x.yml: event 1 (apnea), fors: unknown key; did you mean for_s?"),
        ([APNEA | {"at_s": -1}], "x.yml: event 1 (apnea), at_s: Input should be greater"),
        ([APNEA | {"at_s": "soon"}], "x.yml: event 1 (apnea), at_s: "),
        ([APNEA | {"at_s": float("nan")}], "x.yml: event 1 (apnea), at_s: "),
        ([APNEA | {"for_s": 0}], "x.yml: event 1 (apnea), for_s: "),
        ([APNEA | {"at_s": 60}], "event 1 (apnea), at_s: 60 s is not before duration_s, 60"),
        ([APNEA | {"for_s": 56}], "event 1 (apnea), for_s: it would last until 61 s, beyond"),
        ([APNEA, APNEA | {"at_s": 9}], "event 2 (apnea), at_s: event 1 (apnea) is not over then"),
        ([RECORD, RECORD | {"at_s": 2}], "event 2 (record), do: event 1 (record) records already"),
        ([{"at_s": 1, "do": "dropouts", "share": 1.5}], "event 1 (dropouts), share: "),
        ([{"at_s": 1, "do": "clock_reset", "by_s": 0}], "event 1 (clock_reset), by_s: a jump by 0"),
        (
            [{"at_s": 1, "do": "malformed", "share": 0.1, "kinds": ["odd"]}],
            "event 1 (malformed), kinds.0: Input should be 'truncated'",
        ),
        (
            [{"at_s": 1, "for_s": 9, "do": "tachycardia", "to_per_minute": 120, "ramp_s": 5}],
            "event 1 (tachycardia), ramp_s: up and down take 10 s, for_s is 9",
        ),
        (
            [{"at_s": 58, "do": "tachycardia", "to_per_minute": 120, "ramp_s": 5}],
            "event 1 (tachycardia), ramp_s: the ramp would end beyond duration_s, 60",
        ),
        (
            [{"at_s": 58, "do": "pulse_rate", "to_per_minute": 90, "ramp_s": 5}],
            "event 1 (pulse_rate), ramp_s: the ramp would end beyond duration_s, 60",
        ),
        (
            [APNEA, {"at_s": 7, "do": "breathing_rate", "to_per_minute": 20}],
            "event 2 (breathing_rate), at_s: event 1 (apnea) is not over then",
        ),
        (
            [{"at_s": 1, "do": "breathing_rate", "to_per_minute": 80}],
            "event 1 (breathing_rate), to_per_minute: Input should be less",
        ),
        (
            [{"at_s": 1, "do": "wrap_32_bit"}, {"at_s": 2, "do": "wrap_32_bit"}],
            "event 2 (wrap_32_bit), do: the clock of event 1 is one of 32 bits already",
        ),
        (["apnea"], "x.yml: event 1: must be a mapping"),
    ],
    ids=str,
)
def test_a_mistake_in_an_event_is_named_by_its_place(events, text):
    """
    Whoever wrote it finds it without reading the code.
    """
    assert text in refusal(*events, duration_s=60)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"durations": 1}, "x.yml: durations: unknown key; did you mean duration_s?"),
        ({"loop": True}, "x.yml: duration_s: what loops must say how long a turn is"),
        ({"pulse_rate": 10}, "x.yml: pulse_rate: Input should be greater than or equal to 42"),
        ({"seed": "one"}, "x.yml: seed: "),
        ({"name": "A b"}, "x.yml: name: "),
        ({"timeline": "apnea"}, "x.yml: timeline: must be a list"),
    ],
    ids=str,
)
def test_a_mistake_in_a_scenario_is_named_by_its_key(keys, text):
    """
    The same for what is not an event.
    """
    assert text in refusal(**keys)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"name: [", "is not YAML text"),
        (b"\xff\xfe\x00", "is not YAML text"),
        (b"- a\n", "a scenario is a mapping"),
        (b"", "a scenario is a mapping"),
        (b"timeline: []\n", "name: is missing"),
    ],
    ids=str,
)
def test_a_file_that_is_no_scenario_is_refused_by_its_name(content, text, tmp_path):
    """
    A picture given by mistake is a message, not a traceback.
    """
    path = tmp_path / "odd.yml"
    path.write_bytes(content)

    with pytest.raises(BadSettings, match="odd.yml") as refused:
        load_scenario(path)
    assert text in str(refused.value)


def test_a_missing_file_is_refused_by_its_name(tmp_path):
    """
    So is a folder.
    """
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(BadSettings, match="cannot be read"):
            load_scenario(path)


def test_a_shipped_scenario_is_read_by_its_name():
    """
    From wherever the server was started.
    """
    assert "apnea" == load_scenario("apnea").name


def test_a_name_that_is_not_shipped_is_refused_with_the_nearest():
    """
    No hunt for a file that was never meant.
    """
    with pytest.raises(BadSettings, match="'tachykardia' is neither .* did you mean tachycardia?"):
        load_scenario("tachykardia")


def test_a_scenario_needs_no_more_than_a_name():
    """
    What it leaves out is for the server's settings to say.
    """
    scenario = scenario_of({"name": "x"}, "x.yml")

    assert (None, None, ()) == (scenario.seed, scenario.duration_s, scenario.timeline)


def test_each_effect_can_be_written_with_its_least_keys():
    """
    The table and the models agree.
    """
    for do, effect in EFFECTS.items():
        rate = 20 if do == "breathing_rate" else 120
        least = {"by_s": 1.0, "share": 0.5, "to_per_minute": rate}
        needed = {key for key, field in effect.model_fields.items() if field.is_required()}
        row = {"at_s": 1, "do": do} | {key: least[key] for key in needed - {"at_s"}}

        assert do == scenario_of({"name": "x", "timeline": [row]}, "x.yml").timeline[0].do


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_ROWS = st.dictionaries(
    st.sampled_from(["at_s", "for_s", "do", "share", "by_s", "kinds", "session", "x"]),
    _VALUES | st.sampled_from(sorted(EFFECTS)) | st.lists(_VALUES, max_size=2),
)


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(["name", "seed", "fps", "duration_s", "loop", "timeline", "x"]),
        _VALUES | st.lists(_ROWS | _VALUES, max_size=3),
    )
)
def test_any_document_either_loads_or_is_refused(document):
    """
    There is no third way out.
    """
    try:
        scenario = scenario_of(document, "x.yml")
    except BadSettings:
        return
    assert scenario.name
