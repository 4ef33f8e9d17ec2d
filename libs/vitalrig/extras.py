"""What is missing from an installation, and how to bring it from where the rest came from."""

# ruff: noqa: PLC0415  what takes long is imported where it is needed: few get here

DISTRIBUTION = "vitalrig"


def how_to_install(extra: str) -> str:
    """
    Give the command that brings an extra of this distribution.

    It names the file or folder that this was installed from, never a name on a package index,
    where somebody else might have taken it.
    """
    import shlex

    origin = _origin() or "vitalrig-VERSION.whl"
    return f"pip install {shlex.quote(f'{origin}[{extra}]')}"


def missing(error: ImportError, what: str, extra: str) -> str:
    """
    Say what cannot be done because a package is not installed, and what to do.

    Args:
        error: What its import raised.
        what: What cannot be done.
        extra: The extra that brings the package.
    """
    package = error.name or "a package"
    return f"{what} needs {package}, which is not installed; {how_to_install(extra)}"


def is_ours(error: ImportError) -> bool:
    """
    Say whether what is missing belongs to this distribution, so that no extra brings it.
    """
    return (error.name or "").partition(".")[0] in {"vitalrig", "smartspectra", "services"}


def _origin() -> str:
    """The file or folder that this was installed from; empty where nobody knows."""
    import json
    from importlib import metadata
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}"
        parts = urlsplit(json.loads(text)["url"])
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return ""
    return url2pathname(parts.path) if parts.scheme == "file" else ""
