from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Measurement(_message.Message):
    __slots__ = ("time", "value", "stable", "timestamp")
    TIME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    time: float
    value: float
    stable: bool
    timestamp: int
    def __init__(self, time: _Optional[float] = ..., value: _Optional[float] = ..., stable: _Optional[bool] = ..., timestamp: _Optional[int] = ...) -> None: ...

class DetectionStatus(_message.Message):
    __slots__ = ("time", "detected", "stable", "timestamp")
    TIME_FIELD_NUMBER: _ClassVar[int]
    DETECTED_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    time: float
    detected: bool
    stable: bool
    timestamp: int
    def __init__(self, time: _Optional[float] = ..., detected: _Optional[bool] = ..., stable: _Optional[bool] = ..., timestamp: _Optional[int] = ...) -> None: ...

class MeasurementWithConfidence(_message.Message):
    __slots__ = ("time", "value", "stable", "confidence", "timestamp")
    TIME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    time: float
    value: float
    stable: bool
    confidence: float
    timestamp: int
    def __init__(self, time: _Optional[float] = ..., value: _Optional[float] = ..., stable: _Optional[bool] = ..., confidence: _Optional[float] = ..., timestamp: _Optional[int] = ...) -> None: ...

class MicroExpression(_message.Message):
    __slots__ = ("time", "expression", "stable", "confidence", "timestamp")
    TIME_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    time: float
    expression: str
    stable: bool
    confidence: float
    timestamp: int
    def __init__(self, time: _Optional[float] = ..., expression: _Optional[str] = ..., stable: _Optional[bool] = ..., confidence: _Optional[float] = ..., timestamp: _Optional[int] = ...) -> None: ...

class Strict(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: float
    def __init__(self, value: _Optional[float] = ...) -> None: ...

class Pulse(_message.Message):
    __slots__ = ("rate", "trace", "pulse_respiration_quotient", "strict")
    RATE_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    PULSE_RESPIRATION_QUOTIENT_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    rate: _containers.RepeatedCompositeFieldContainer[MeasurementWithConfidence]
    trace: _containers.RepeatedCompositeFieldContainer[Measurement]
    pulse_respiration_quotient: _containers.RepeatedCompositeFieldContainer[Measurement]
    strict: Strict
    def __init__(self, rate: _Optional[_Iterable[_Union[MeasurementWithConfidence, _Mapping]]] = ..., trace: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., pulse_respiration_quotient: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., strict: _Optional[_Union[Strict, _Mapping]] = ...) -> None: ...

class Trace(_message.Message):
    __slots__ = ("sample",)
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    sample: _containers.RepeatedCompositeFieldContainer[Measurement]
    def __init__(self, sample: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ...) -> None: ...

class Breathing(_message.Message):
    __slots__ = ("rate", "upper_trace", "lower_trace", "amplitude", "apnea", "respiratory_line_length", "baseline", "inhale_exhale_ratio", "strict")
    RATE_FIELD_NUMBER: _ClassVar[int]
    UPPER_TRACE_FIELD_NUMBER: _ClassVar[int]
    LOWER_TRACE_FIELD_NUMBER: _ClassVar[int]
    AMPLITUDE_FIELD_NUMBER: _ClassVar[int]
    APNEA_FIELD_NUMBER: _ClassVar[int]
    RESPIRATORY_LINE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    INHALE_EXHALE_RATIO_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    rate: _containers.RepeatedCompositeFieldContainer[MeasurementWithConfidence]
    upper_trace: _containers.RepeatedCompositeFieldContainer[Measurement]
    lower_trace: _containers.RepeatedCompositeFieldContainer[Measurement]
    amplitude: _containers.RepeatedCompositeFieldContainer[Measurement]
    apnea: _containers.RepeatedCompositeFieldContainer[DetectionStatus]
    respiratory_line_length: _containers.RepeatedCompositeFieldContainer[Measurement]
    baseline: _containers.RepeatedCompositeFieldContainer[Measurement]
    inhale_exhale_ratio: _containers.RepeatedCompositeFieldContainer[Measurement]
    strict: Strict
    def __init__(self, rate: _Optional[_Iterable[_Union[MeasurementWithConfidence, _Mapping]]] = ..., upper_trace: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., lower_trace: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., amplitude: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., apnea: _Optional[_Iterable[_Union[DetectionStatus, _Mapping]]] = ..., respiratory_line_length: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., baseline: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., inhale_exhale_ratio: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., strict: _Optional[_Union[Strict, _Mapping]] = ...) -> None: ...

class BloodPressure(_message.Message):
    __slots__ = ("phasic",)
    PHASIC_FIELD_NUMBER: _ClassVar[int]
    phasic: _containers.RepeatedCompositeFieldContainer[MeasurementWithConfidence]
    def __init__(self, phasic: _Optional[_Iterable[_Union[MeasurementWithConfidence, _Mapping]]] = ...) -> None: ...

class Point2dInt32(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: int
    y: int
    def __init__(self, x: _Optional[int] = ..., y: _Optional[int] = ...) -> None: ...

class Point2dFloat(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class Point3dFloat(_message.Message):
    __slots__ = ("x", "y", "z")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    z: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., z: _Optional[float] = ...) -> None: ...

class Landmarks(_message.Message):
    __slots__ = ("time", "value", "stable", "reset", "timestamp")
    TIME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    time: float
    value: _containers.RepeatedCompositeFieldContainer[Point2dFloat]
    stable: bool
    reset: bool
    timestamp: int
    def __init__(self, time: _Optional[float] = ..., value: _Optional[_Iterable[_Union[Point2dFloat, _Mapping]]] = ..., stable: _Optional[bool] = ..., reset: _Optional[bool] = ..., timestamp: _Optional[int] = ...) -> None: ...

class Face(_message.Message):
    __slots__ = ("blinking", "talking", "landmarks", "micro_expression")
    BLINKING_FIELD_NUMBER: _ClassVar[int]
    TALKING_FIELD_NUMBER: _ClassVar[int]
    LANDMARKS_FIELD_NUMBER: _ClassVar[int]
    MICRO_EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    blinking: _containers.RepeatedCompositeFieldContainer[DetectionStatus]
    talking: _containers.RepeatedCompositeFieldContainer[DetectionStatus]
    landmarks: _containers.RepeatedCompositeFieldContainer[Landmarks]
    micro_expression: _containers.RepeatedCompositeFieldContainer[MicroExpression]
    def __init__(self, blinking: _Optional[_Iterable[_Union[DetectionStatus, _Mapping]]] = ..., talking: _Optional[_Iterable[_Union[DetectionStatus, _Mapping]]] = ..., landmarks: _Optional[_Iterable[_Union[Landmarks, _Mapping]]] = ..., micro_expression: _Optional[_Iterable[_Union[MicroExpression, _Mapping]]] = ...) -> None: ...

class Metadata(_message.Message):
    __slots__ = ("id", "upload_timestamp", "api_version", "sent_at_s", "frame_timestamp", "frame_count")
    ID_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_S_FIELD_NUMBER: _ClassVar[int]
    FRAME_TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    upload_timestamp: str
    api_version: str
    sent_at_s: float
    frame_timestamp: int
    frame_count: int
    def __init__(self, id: _Optional[str] = ..., upload_timestamp: _Optional[str] = ..., api_version: _Optional[str] = ..., sent_at_s: _Optional[float] = ..., frame_timestamp: _Optional[int] = ..., frame_count: _Optional[int] = ...) -> None: ...

class MetricsBuffer(_message.Message):
    __slots__ = ("pulse", "breathing", "blood_pressure", "face", "metadata")
    PULSE_FIELD_NUMBER: _ClassVar[int]
    BREATHING_FIELD_NUMBER: _ClassVar[int]
    BLOOD_PRESSURE_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    pulse: Pulse
    breathing: Breathing
    blood_pressure: BloodPressure
    face: Face
    metadata: Metadata
    def __init__(self, pulse: _Optional[_Union[Pulse, _Mapping]] = ..., breathing: _Optional[_Union[Breathing, _Mapping]] = ..., blood_pressure: _Optional[_Union[BloodPressure, _Mapping]] = ..., face: _Optional[_Union[Face, _Mapping]] = ..., metadata: _Optional[_Union[Metadata, _Mapping]] = ...) -> None: ...

class MicroMotion(_message.Message):
    __slots__ = ("glutes", "knees")
    GLUTES_FIELD_NUMBER: _ClassVar[int]
    KNEES_FIELD_NUMBER: _ClassVar[int]
    glutes: _containers.RepeatedCompositeFieldContainer[Measurement]
    knees: _containers.RepeatedCompositeFieldContainer[Measurement]
    def __init__(self, glutes: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., knees: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ...) -> None: ...

class Eda(_message.Message):
    __slots__ = ("trace",)
    TRACE_FIELD_NUMBER: _ClassVar[int]
    trace: _containers.RepeatedCompositeFieldContainer[Measurement]
    def __init__(self, trace: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ("breathing", "micromotion", "eda", "face")
    BREATHING_FIELD_NUMBER: _ClassVar[int]
    MICROMOTION_FIELD_NUMBER: _ClassVar[int]
    EDA_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    breathing: Breathing
    micromotion: MicroMotion
    eda: Eda
    face: Face
    def __init__(self, breathing: _Optional[_Union[Breathing, _Mapping]] = ..., micromotion: _Optional[_Union[MicroMotion, _Mapping]] = ..., eda: _Optional[_Union[Eda, _Mapping]] = ..., face: _Optional[_Union[Face, _Mapping]] = ...) -> None: ...
