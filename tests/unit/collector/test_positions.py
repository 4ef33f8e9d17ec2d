"""How far each camera has been taken into files."""

from services.collector.positions import FILE_NAME, Position, Positions


def test_a_position_that_was_saved_is_found_by_the_next_start(tmp_path):
    """
    A restart goes on where the last run ended.
    """
    position = Position("5-1", "run", 7, "first", 100)
    positions = Positions(tmp_path)
    positions.set("physiology", position)
    positions.save()

    assert position == Positions(tmp_path).of("physiology")


def test_a_position_that_was_not_saved_is_not_believed(tmp_path):
    """
    Only what is on disk counts.
    """
    Positions(tmp_path).set("physiology", Position("5-1"))

    assert Position() == Positions(tmp_path).of("physiology")


def test_a_broken_file_is_an_empty_one(tmp_path):
    """
    Rubbish after a power cut does not keep the collector from recording.
    """
    (tmp_path / FILE_NAME).write_text('{"physiology": [')

    assert Position() == Positions(tmp_path).of("physiology")


def test_fields_of_a_later_version_are_no_reason_to_stop(tmp_path):
    """
    After a downgrade the collector starts with what comes now.
    """
    (tmp_path / FILE_NAME).write_text('{"physiology": {"entry_id": "5-1", "colour": "red"}}')

    assert Position() == Positions(tmp_path).of("physiology")
