"""Choosing the format in which a page is written, by what the caller accepts."""

from prometheus_client.exposition import choose_encoder

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def choose(accept: str) -> tuple[bool, str]:
    """
    Choose a format by an `Accept` header.

    Returns:
        Whether it is OpenMetrics, and the content type.
    """
    _, content_type = choose_encoder(accept)
    if content_type.startswith("text/plain"):
        return False, content_type
    # Who wants a version that comes after ours gets ours.
    return True, content_type if "version=1.0.0" in content_type else OPENMETRICS
