"""An exporter that runs, asked over HTTP."""

import urllib.error
import urllib.request

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S


class Asked:
    """An exporter that runs, and how it is asked."""

    def __init__(self, exporter, scheme="http", context=None):
        self.exporter = exporter
        self._scheme = scheme
        self._context = context
        eventually(lambda: exporter.port)

    def get(self, path, **headers):
        url = f"{self._scheme}://127.0.0.1:{self.exporter.port}{path}"
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=self._context) as reply:
            return reply.status, reply.headers, reply.read().decode()

    def page(self, path="/metrics"):
        return self.get(path)[2]

    def page_with(self, text, path="/metrics"):
        """The first page that has *text* in it."""
        return eventually(lambda: page if text in (page := self.page(path)) else "")

    def status(self, path, **headers):
        try:
            return self.get(path, **headers)[0]
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code
