"""What the sources of one scrape share: the moment, Redis's answer, and which cameras are shown."""

from collections.abc import Callable

from services.exporter.redis_reading import Reading
from vitalrig.errors import Unavailable


class Admitted:
    """
    The values of a label that a page shows, of which there may only be so many.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._shown: set[str] = set()

    def admit(self, name: str) -> bool:
        """
        Say whether *name* may be shown; empty stands for none and always may.
        """
        if not name or name in self._shown:
            return True
        if len(self._shown) >= self._most:
            return False
        self._shown.add(name)
        return True


class Scrape:
    """
    One scrape. All of it is judged at one moment, and Redis is asked once.

    Args:
        now_us: The moment.
        read: Asks Redis.
        max_cameras: How many cameras may be shown.
    """

    def __init__(self, now_us: int, read: Callable[[], Reading], max_cameras: int) -> None:
        self.now_us = now_us
        self.cameras = Admitted(max_cameras)
        self._told: set[tuple[str, ...]] = set()
        self._read = read
        self._reading: Reading | None = None
        self._away: Unavailable | None = None

    def is_news(self, *what: str) -> bool:
        """
        Say whether *what* was not asked about before in this scrape: a page says nothing twice.
        """
        if what in self._told:
            return False
        self._told.add(what)
        return True

    def redis(self) -> Reading:
        """
        Give what Redis said, asking it when first wanted.

        Raises:
            Unavailable: If it is away; asked again in the same scrape, it is so at once.
        """
        if self._away is not None:
            raise self._away
        if self._reading is None:
            try:
                self._reading = self._read()
            except Unavailable as exc:
                self._away = exc
                raise
        return self._reading
