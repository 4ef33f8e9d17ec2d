"""What is sent again is kept once."""

import pytest

from tests.support.telemetry_log import a_service, an_event, stored
from vitalrig.telemetry import idempotency_keys
from vitalrig.telemetry.idempotency_keys import IdempotencyKeys, KeyEntry
from vitalrig.telemetry.telemetry_errors import TelemetryKeyError


@pytest.fixture
def service(tmp_path):
    with a_service(tmp_path) as service:
        yield service


def test_an_event_that_is_sent_again_has_its_first_answer(service):
    """
    Also if its run has ended meanwhile, and whatever the order of its data's keys.
    """
    service.start_run()
    first = service.append_event(an_event(data={"a": 1, "b": 2}, key="k"))
    service.stop_run()

    assert first == service.append_event(an_event(data={"b": 2, "a": 1}, key="k"))
    assert 1 == service.last_seq
    assert [1] == [line["seq"] for line in stored(service.site_dir)]


@pytest.mark.parametrize("other", [{"data": 1}, {"meta": {"a": 1}}, {"make_current": False},
                                   {"store_permanently": False}, {"ts": "2020-01-01T00:00:00Z"},
                                   {"kind": "b"}])  # fmt: skip
def test_a_key_with_other_content_is_refused(service, other):
    """
    Nothing is kept.
    """
    service.append_event(an_event(data=0, key="k"))

    with pytest.raises(TelemetryKeyError, match="the key 'k' was used before"):
        service.append_event(an_event(**{"data": 0, "key": "k"} | other))
    assert 1 == service.last_seq


def test_an_event_that_is_not_stored_has_its_key_as_well(service):
    """
    As long as the log runs, or was closed and not killed.
    """
    first = service.append_event(an_event(key="k", store_permanently=False))

    assert first == service.append_event(an_event(key="k", store_permanently=False))


def test_sent_twice_at_once_it_is_kept_once(service):
    """
    Both have the same answer.
    """
    asked = [service.submit(an_event(key="k")) for _ in range(50)]

    assert {1} == {each.result()["seq"] for each in asked}


def test_a_batch_is_kept_in_one_piece(service):
    """
    Its numbers follow one another, whatever else comes.
    """
    others = [service.submit(an_event()) for _ in range(5)]
    seqs = [each["seq"] for each in service.append_events([an_event(data=n) for n in range(3)])]

    assert list(range(seqs[0], seqs[0] + 3)) == seqs
    assert [] == service.append_events([])
    assert 5 == len({each.result()["seq"] for each in others} - set(seqs))


def test_of_a_batch_only_what_is_new_is_kept(service):
    """
    What was sent before, or is in it twice, has its first answer.
    """
    old = service.append_event(an_event(data="old", key="old"))
    batch = [an_event(data=n, key=n) for n in ("a", "old", "b", "a")] + [an_event(data="bare")]
    answers = service.append_events(batch, key="batch")

    assert [2, 1, 3, 2, 4] == [each["seq"] for each in answers]
    assert old == answers[1]
    assert answers == service.append_events(batch, key="batch")
    assert 4 == service.last_seq


@pytest.mark.parametrize(
    "wrong",
    [
        [an_event(data="x"), an_event(data="new", key="old")],
        [an_event(data=1, key="k"), an_event(data=2, key="k")],
    ],
)
def test_a_batch_with_a_key_of_something_else_is_refused_whole(service, wrong):
    """
    The answer has the place of what was wrong.
    """
    service.append_event(an_event(data="old", key="old"))

    with pytest.raises(TelemetryKeyError, match="event 1: "):
        service.append_events(wrong)
    assert 1 == service.last_seq


def test_a_batch_s_key_names_this_batch_only(service):
    """
    With other events it is refused.
    """
    service.append_events([an_event(data=1)], key="k")

    with pytest.raises(TelemetryKeyError, match="another batch"):
        service.append_events([an_event(data=2)], key="k")


def test_what_is_not_in_memory_any_more_is_answered_from_the_files(service, monkeypatch):
    """
    Memory holds few lines, and many keys.
    """
    monkeypatch.setattr(idempotency_keys, "_MAX_CACHED_BYTES", 300)
    first = [service.append_event(an_event(data=n, key=str(n))) for n in range(10)]

    assert first == [service.append_event(an_event(data=n, key=str(n))) for n in range(10)]


def test_the_oldest_keys_are_forgotten_first():
    """
    So many are known, and no more.
    """
    keys = IdempotencyKeys(lambda _seqs: {}, max_keys=2)
    for seq, key in enumerate("aba"):
        keys.put(KeyEntry(key, "", [seq]))
    keys.put(KeyEntry("c", "", [3]))

    assert ["b", "c"] == [entry.key for entry in keys.all()]
