"""Random choices that depend on seed, event and frame number only, not on the order of calls."""

import numpy as np

from services.physiology_server.sources.noise import Noise


class RandomChoice:
    """
    The random choices of one event.

    Args:
        seed: The run's seed.
        event: The event's number in the timeline, from 1.
    """

    def __init__(self, seed: int, event: int) -> None:
        self._seed = seed
        self._event = event
        self._noise: dict[str, Noise] = {}

    def share(self, name: str, number: int) -> float:
        """
        A number in [0, 1) for frame or envelope *number*.

        Args:
            name: What is decided. Each decision has dice of its own.
            number: What it is decided for.
        """
        return self._of(name).chance(number)

    def wave(self, name: str, position: float) -> float:
        """
        A smooth random curve of deviation 1, see `Noise.smooth`.
        """
        return float(self._of(name).smooth(np.array([position]))[0])

    def _of(self, name: str) -> Noise:
        if name not in self._noise:
            self._noise[name] = Noise(self._seed, f"scenario/{self._event}/{name}")
        return self._noise[name]
