"""An emitter that keeps what was said, for tests."""

from vitalrig.events import NoEvents


class HeardEvents(NoEvents):
    """What was said: for each event its type and data."""

    def __init__(self):
        self.said = []

    def emit(self, kind, data, *, camera="", run="", key="", is_urgent=False):
        self.said.append((kind, dict(data)))

    @property
    def types(self):
        return [kind for kind, _ in self.said]
