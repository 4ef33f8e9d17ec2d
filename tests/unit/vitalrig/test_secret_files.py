"""Secrets that stand in files."""

import pytest

from vitalrig.errors import BadSettings
from vitalrig.secret_files import first_line


@pytest.mark.parametrize("text", ["s3cret", "s3cret\n", " s3cret \r\nof the camera in room 4\n"])
def test_a_secret_is_the_first_line_of_its_file(tmp_path, text):
    """
    The file may end with a newline, and say further down what the secret is for.
    """
    (tmp_path / "secret").write_text(text)

    assert "s3cret" == first_line(tmp_path / "secret", "token_file")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read"), (b"", "nothing in its first line"),
     (b"\ns3cret", "nothing in its first line"), (b"\xff", "cannot be read")],
    ids=["no file", "empty", "on the second line", "no text"],
)  # fmt: skip
def test_a_file_without_a_secret_is_refused_by_the_name_of_its_setting(tmp_path, content, why):
    """
    Nobody goes on without the secret that he was told to use.
    """
    if content is not None:
        (tmp_path / "secret").write_bytes(content)

    with pytest.raises(BadSettings, match=rf"token_file: .*secret.* {why}"):
        first_line(tmp_path / "secret", "token_file")
