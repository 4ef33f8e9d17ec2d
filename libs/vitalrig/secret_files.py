"""Secrets in files."""

from pathlib import Path

from vitalrig.errors import BadSettings


def first_line(path: Path, key: str) -> str:
    """
    Read the secret that is the first line of a file.

    Args:
        path: The file.
        key: What names the file among the settings, for messages.

    Raises:
        BadSettings: If it cannot be read, or its first line is empty.
    """
    try:
        secret = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSettings(f"{key}: {path} cannot be read ({exc})") from exc
    if not secret:
        raise BadSettings(f"{key}: {path} has nothing in its first line")
    return secret
