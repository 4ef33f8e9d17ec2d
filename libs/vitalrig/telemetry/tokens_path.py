"""Where a server's tokens are."""

from pathlib import Path

TOKENS_FILE = ".tokens.json"
"""In the site folder, unless another one is named."""


def tokens_path(site_dir: str, tokens: str | None) -> Path:
    """
    Give the file of tokens.
    """
    return Path(tokens).expanduser() if tokens else Path(site_dir).expanduser() / TOKENS_FILE
