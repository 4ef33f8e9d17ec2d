"""Why Redis cannot be used, in a line."""

import pytest
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import OutOfMemoryError, ResponseError

from vitalrig.redis_client import describe_error, refusal

MISCONF = "MISCONF Errors writing to the AOF file: No space left on device"
IN_A_PIPELINE = (
    f"Command # 2 (XADD a:envelopes envelope OOM) of pipeline caused error: ({MISCONF!r},)"
)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ResponseError(MISCONF), "misconf"),
        (ResponseError(IN_A_PIPELINE), "misconf"),
        (ResponseError(f"EXECABORT Transaction discarded because of: {MISCONF}"), "misconf"),
        (OutOfMemoryError("command not allowed"), "oom"),
        (ResponseError("WRONGTYPE Operation against a key"), None),
        (Unreachable("Connection refused"), None),
    ],
)
def test_a_redis_that_answers_and_refuses_is_told_from_one_that_is_away(error, reason):
    """
    However the answer came; what an envelope says is not a reason.
    """
    assert reason == refusal(error)
    assert ("away" in describe_error(error)) == (reason is None)
