"""Whether what was said at one moment still counts at another."""


def is_fresh(stamp_us: float, now_us: float, limit_s: float) -> bool:
    """
    Say whether *stamp_us* is at most *limit_s* away from now.

    A stamp from further ahead is not fresh either: its writer's clock is wrong, and it would look
    live for as long as the clock is ahead.
    """
    return abs(now_us - stamp_us) <= limit_s * 1_000_000
