"""The payload schema of the vendor's generation C, as tables: what may stand in a message."""

MEASUREMENT = {"time": float, "value": float, "stable": bool, "timestamp": str}
WITH_CONFIDENCE = MEASUREMENT | {"confidence": float}
DETECTION = {"time": float, "detected": bool, "stable": bool, "timestamp": str}
STRICT = {"value": float}

BREATHING = {
    "rate": [WITH_CONFIDENCE],
    "upper_trace": [MEASUREMENT],
    "lower_trace": [MEASUREMENT],
    "amplitude": [MEASUREMENT],
    "apnea": [DETECTION],
    "respiratory_line_length": [MEASUREMENT],
    "baseline": [MEASUREMENT],
    "inhale_exhale_ratio": [MEASUREMENT],
    "strict": STRICT,
}
FACE = {"blinking": [DETECTION], "talking": [DETECTION]}
PULSE = {
    "rate": [WITH_CONFIDENCE],
    "trace": [MEASUREMENT],
    "pulse_respiration_quotient": [MEASUREMENT],
    "strict": STRICT,
}
METADATA = {
    "id": str,
    "upload_timestamp": str,
    "api_version": str,
    "sent_at_s": float,
    "frame_timestamp": str,
    "frame_count": int,
}
METRICS_BUFFER = {
    "pulse": PULSE,
    "breathing": BREATHING,
    "blood_pressure": {"phasic": [WITH_CONFIDENCE]},
    "face": FACE,
    "metadata": METADATA,
}
METRICS = {
    "breathing": BREATHING,
    "micromotion": {"glutes": [MEASUREMENT], "knees": [MEASUREMENT]},
    "eda": {"trace": [MEASUREMENT]},
    "face": FACE,
}


def strangers(node, shape, path=""):
    """
    Paths in *node* that *shape* does not have, or has with another type; empty objects too.
    """
    if isinstance(shape, type):
        return [] if type(node) is shape else [f"{path}: {type(node).__name__}"]
    if isinstance(shape, list):
        if not isinstance(node, list) or not node:
            return [f"{path}: {node!r}"]
        return [
            bad
            for at, item in enumerate(node)
            for bad in strangers(item, shape[0], f"{path}[{at}]")
        ]
    if not isinstance(node, dict) or not node:
        return [f"{path}: {node!r}"]
    return [
        bad
        for key, value in node.items()
        for bad in (
            strangers(value, shape[key], f"{path}.{key}") if key in shape else [f"{path}.{key}"]
        )
    ]
