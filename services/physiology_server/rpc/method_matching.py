"""Which of our RPCs another maker's RPC is: by its name, and by its messages."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from services.physiology_server.rpc import message_shapes as shapes
from vitalrig.errors import BadSettings

FILLERS = frozenset(
    {"get", "stream", "streaming", "subscribe", "to", "watch", "listen", "receive", "read"}
)
"""Words that say how something is sent, not what."""

NOUNS: Mapping[str, tuple[str, ...]] = {
    "StartCore": ("startcore",),
    "StopCore": ("stopcore",),
    "StartEdgeGraph": ("startedgegraph", "startedge", "startgraph"),
    "StopEdgeGraph": ("stopedgegraph", "stopedge", "stopgraph"),
    "StartPreprocessing": ("startpreprocessing",),
    "StopPreprocessing": ("stoppreprocessing",),
    "SetRecording": ("setrecording", "record", "recording", "setrecordingstate"),
    "ResetProcessing": ("resetprocessing", "reset", "resetcore", "clearbuffer", "clearcorebuffer"),
    "SetBufferDuration": ("setbufferduration", "bufferduration"),
    "GetStatus": ("status", "statuscode", "processingstatus"),
    "GetServerInfo": ("serverinfo", "info", "version", "serverversion"),
    "StreamStatus": ("status", "statuscode", "processingstatus", "statusupdates"),
    "StreamCoreMetrics": ("coremetrics", "metricsbuffer", "metricsbuffers"),
    "StreamEdgeMetrics": ("edgemetrics",),
    "StreamLogs": ("logs", "log", "logentries", "logentry"),
    "UploadFrames": (
        "uploadframes", "uploadframe", "addframe", "addframes", "addframewithtimestamp",
        "sendframe", "sendframes", "pushframe", "pushframes", "processframe", "processframes",
        "frames", "frame", "upload",
    ),
}  # fmt: skip
"""For each RPC of ours, what others may call it, without fillers and in small letters."""


@dataclass(frozen=True, slots=True)
class MethodMatching:
    """
    What became of a service's RPCs.

    Attributes:
        verbs: Name on the wire to our own name.
        unknown: Names on the wire that mean nothing to us.
    """

    verbs: Mapping[str, str]
    unknown: tuple[str, ...]


def match(service: ServiceDescriptor, told: Mapping[str, str]) -> MethodMatching:
    """
    Find out what each RPC of *service* is.

    Args:
        service: Whatever it is called.
        told: For RPCs of ours, what they are called there; it overrides our guesses.

    Raises:
        BadSettings: If *told* names what is not there, or cannot be it.
    """
    verbs: dict[str, str] = {}
    for verb, name in told.items():
        canonical = canonical_verb(verb)
        method = service.methods_by_name.get(name)
        if method is None:
            listed = ", ".join(service.methods_by_name)
            raise BadSettings(f"rpc_method_names: {service.full_name} has no {name}, only {listed}")
        if not _FITS[canonical](method):
            raise BadSettings(
                f"rpc_method_names: the messages of {name} are not those of {canonical}"
            )
        verbs[name] = canonical
    for method in service.methods:
        if method.name not in verbs and (guess := _guess(method)) is not None:
            verbs[method.name] = guess
    unknown = tuple(method.name for method in service.methods if method.name not in verbs)
    return MethodMatching(verbs, unknown)


def canonical_verb(name: str) -> str:
    """
    Our RPC that *name* means, in whatever case it is written.

    Raises:
        BadSettings: If there is none.
    """
    plain = name.replace("_", "").lower()
    for verb in NOUNS:
        if verb.lower() == plain:
            return verb
    raise BadSettings(f"rpc_method_names: {name} is none of {', '.join(NOUNS)}")


def _guess(method: MethodDescriptor) -> str | None:
    noun = _noun(method.name)
    for verb, nouns in NOUNS.items():
        if noun in nouns and _FITS[verb](method):
            return verb
    return _by_shape(method, noun)


def _noun(name: str) -> str:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return "".join(word.lower() for word in words if word.lower() not in FILLERS)


def _by_shape(method: MethodDescriptor, noun: str) -> str | None:
    """
    What the messages tell where the name does not.

    An RPC that does something is only taken for ours with a hint in its name, so that nobody
    starts a recording by switching a lamp on.
    """
    hints = {"SetRecording": "record", "SetBufferDuration": "duration", "GetStatus": "status"}
    for verb, hint in hints.items():
        if hint in noun and _FITS[verb](method):
            return verb
    for verb in (
        "UploadFrames", "StreamCoreMetrics", "StreamEdgeMetrics", "StreamLogs", "StreamStatus",
    ):  # fmt: skip
        if _FITS[verb](method):
            return verb
    return None


def _simple(method: MethodDescriptor) -> bool:
    return not method.client_streaming and not method.server_streaming


def _tells(test: shapes.Test) -> Callable[[MethodDescriptor], bool]:
    return lambda method: (
        not method.client_streaming and shapes.path_to(method.output_type, test) is not None
    )


def _streams(test: shapes.Test) -> Callable[[MethodDescriptor], bool]:
    return lambda method: method.server_streaming and _tells(test)(method)


_FITS: Mapping[str, Callable[[MethodDescriptor], bool]] = {
    **dict.fromkeys(NOUNS, _simple),
    "SetRecording": lambda method: (
        _simple(method) and shapes.flag_field(method.input_type) is not None
    ),
    "SetBufferDuration": lambda method: (
        _simple(method) and shapes.number_field(method.input_type) is not None
    ),
    "StreamStatus": _streams(shapes.is_status),
    "StreamCoreMetrics": _tells(shapes.is_core_metrics),
    "StreamEdgeMetrics": _tells(shapes.is_edge_metrics),
    "StreamLogs": _streams(shapes.is_log_entry),
    "UploadFrames": lambda method: shapes.is_frame(method.input_type),
}
"""Whether the messages of an RPC can be those of ours."""
