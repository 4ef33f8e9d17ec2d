"""Pictures in a folder."""

import threading

import cv2
import numpy as np
import pytest

from services.physiology_server.publishing.backends.file.picture_files import (
    NoPicture,
    PictureFiles,
)
from tests.support.patience import PATIENCE_S


def jpeg(grey):
    return cv2.imencode(".jpg", np.full((8, 12, 3), grey, np.uint8))[1].tobytes()


def pictures(folder, **keys):
    defaults = {"keep": 0, "extension": "jpg", "compress": True, "empty": True}
    return PictureFiles(folder, **defaults | keys)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_without_a_number_to_keep_there_is_one_file_with_the_newest(tmp_path):
    """
    max_frame_count is 0, the documented default.
    """
    files = pictures(tmp_path)
    files.add(b"old")
    files.add(b"new")

    assert [("latest.jpg", b"new")] == [(p.name, p.read_bytes()) for p in tmp_path.iterdir()]


def test_of_numbered_pictures_the_newest_are_kept(tmp_path):
    """
    max_frame_count is 2; names sort as numbers do.
    """
    files = pictures(tmp_path, keep=2)
    for number in range(1, 12):
        files.add(b"%d" % number)

    assert ["frame_0000000010.jpg", "frame_0000000011.jpg"] == names(tmp_path)


def test_numbers_go_on_where_an_earlier_run_is_kept(tmp_path):
    """
    truncate_on_init is false: nothing of before is overwritten, and it counts as kept.
    """
    pictures(tmp_path, keep=3).add(b"first")
    files = pictures(tmp_path, keep=2, empty=False)
    files.add(b"second")
    files.add(b"third")

    assert ["frame_0000000002.jpg", "frame_0000000003.jpg"] == names(tmp_path)


def test_emptying_removes_the_pictures_of_before_and_nothing_else(tmp_path):
    """
    Other people's files in the folder are theirs.
    """
    for name in ("latest.jpg", "frame_0000000007.jpg", "frame_7.jpg", "mine.jpg", "latest.png"):
        (tmp_path / name).write_bytes(b"x")
    pictures(tmp_path)

    assert ["frame_7.jpg", "latest.png", "mine.jpg"] == names(tmp_path)


def test_a_picture_that_someone_removed_is_no_fault(tmp_path):
    """
    Readers may take pictures away.
    """
    files = pictures(tmp_path, keep=1)
    files.add(b"1")
    (tmp_path / "frame_0000000001.jpg").unlink()
    files.add(b"2")

    assert ["frame_0000000002.jpg"] == names(tmp_path)


def test_the_extension_is_the_configured_one(tmp_path):
    """
    frame_extension names the file; what is in it stays a JPEG.
    """
    pictures(tmp_path, extension="jpeg").add(b"x")

    assert ["latest.jpeg"] == names(tmp_path)


def test_uncompressed_pictures_are_bmp_of_the_same_content(tmp_path):
    """
    compress_frames is false.
    """
    made = jpeg(90)
    pictures(tmp_path, compress=False).add(made)
    written = (tmp_path / "latest.bmp").read_bytes()
    same = np.array_equal(
        cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR),
        cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR),
    )

    assert (b"BM", True) == (written[:2], same)


@pytest.mark.parametrize("data", [b"", b"no picture"], ids=["empty", "text"])
def test_what_is_no_jpeg_cannot_be_uncompressed(tmp_path, data):
    """
    And leaves no file.
    """
    files = pictures(tmp_path, compress=False)
    with pytest.raises(NoPicture):
        files.add(data)

    assert [] == names(tmp_path)


def test_a_picture_that_the_disk_does_not_take_leaves_the_one_before(tmp_path, monkeypatch):
    """
    And no partial file.
    """
    files = pictures(tmp_path)
    files.add(b"before")

    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="full"):
        files.add(b"after")

    assert (["latest.jpg"], b"before") == (names(tmp_path), (tmp_path / "latest.jpg").read_bytes())


def test_a_reader_sees_whole_pictures_only(tmp_path):
    """
    However often it looks during 200 replacements.
    """
    files = pictures(tmp_path)
    texts = [b"a" * 200_000, b"b" * 300_000]
    files.add(texts[0])
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add((tmp_path / "latest.jpg").read_bytes())

    reading = threading.Thread(target=read)
    reading.start()
    for number in range(200):
        files.add(texts[number % 2])
    stop.set()
    reading.join(PATIENCE_S)

    assert set() == seen - set(texts)
