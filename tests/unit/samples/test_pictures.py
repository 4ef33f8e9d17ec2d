"""What the sample clients upload of a video."""

import asyncio
from itertools import accumulate
from pathlib import Path

import pytest

from tests.support.clips import without_rate, write_uneven_video, write_video

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture
def pictures(monkeypatch):
    monkeypatch.syspath_prepend(str(SAMPLES))
    import pictures

    return pictures


def times_ms(pictures, path):
    async def run():
        source = pictures.Pictures(path, 0, as_fast_as_it_goes=True)
        found = [round(frame.timestamp / 1_000) async for frame in source.frames()]
        source.close()
        return found

    return asyncio.run(run())


def test_pictures_bear_the_times_of_the_file(pictures, tmp_path):
    """
    Not those that a wrong rate in its header would make of their numbers.
    """
    expected_ms = list(accumulate([28, 39, 32] * 3, initial=0))
    path = without_rate(write_uneven_video(tmp_path / "browser.mkv", expected_ms))

    assert expected_ms == times_ms(pictures, path)


def test_pictures_of_an_even_file_are_as_far_apart_as_its_rate_says(pictures, tmp_path):
    """
    A thirtieth of a second.
    """
    path = write_video(tmp_path / "even.avi", 10)

    assert [round(n * 1_000 / 30) for n in range(10)] == times_ms(pictures, path)
