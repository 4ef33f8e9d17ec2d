"""Streaming backends, each with what reads it as its clients would; and what they are sent."""

import asyncio
import base64
import contextlib
import json

import cv2
import numpy as np

from services.physiology_server.envelopes import Numbered, Outgoing, envelope
from services.physiology_server.publishing.backends.file.file_backend import FileBackend
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.grpc_backend import GrpcBackend
from services.physiology_server.publishing.backends.redis.redis_backend import RedisBackend
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from services.physiology_server.publishing.subscribers import Subscribers
from smartspectra.ipc.wire.channels import KINDS
from tests.support.memory_backend import MemoryBackend
from tests.support.patience import PATIENCE_S
from tests.support.subscriber import Subscriber
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import Limits

START_US = 1_760_000_000_000_000
METRICS = [kind for kind in KINDS if kind != "frame"]


def numbered(seq, kind="edge_metrics"):
    return Numbered(seq, envelope(kind, START_US + seq, {"number": seq, "text": 'é "\\n" ☃'}))


def batch(first, last):
    """Numbers from *first* to *last*, of all kinds in turn."""
    return [numbered(seq, METRICS[seq % len(METRICS)]) for seq in range(first, last + 1)]


def of_kind(kind, sent):
    return [each.outgoing.envelope for each in sent if each.outgoing.channel == kind]


def a_jpeg(grey=90):
    return cv2.imencode(".jpg", np.full((24, 32, 3), grey, np.uint8))[1].tobytes()


def a_picture(jpeg):
    text = base64.b64encode(jpeg).decode()
    made = envelope("frame", START_US, {"data": text, "image": text})
    return Numbered(0, Outgoing("frame", made.envelope, jpeg))


def by_kind(sent):
    return {kind: of_kind(kind, sent) for kind in METRICS}


class MemoryRig:
    """The fake that other tests use."""

    def __init__(self, request, folder):
        self.backend = MemoryBackend()

    async def start(self):
        pass

    async def heard(self, kind):
        """Envelopes of *kind*, as a client that missed nothing has them."""
        by_number = {each.seq: each.outgoing for each in self.backend.sent if each.seq}
        return [each.envelope for _, each in sorted(by_number.items()) if each.channel == kind]

    async def pictures(self):
        """Pictures, as bytes of a file."""
        return [each.outgoing.jpeg for each in self.backend.sent if each.outgoing.jpeg]

    def go_away(self):
        self.backend.away = True

    def come_back(self):
        self.backend.away = False


class FileRig:
    """A folder; it goes away when a plain file takes its place."""

    def __init__(self, request, folder):
        self._folder, self._aside = folder / "out", folder / "aside"
        self._keys = {"base_directory": str(self._folder)}

    async def start(self):
        self.backend = FileBackend(FileConfig(**self._keys), ServiceHeartbeats("probe"))

    async def heard(self, kind):
        return (self._folder / f"{kind}.jsonl").read_bytes().splitlines()

    async def pictures(self):
        return [path.read_bytes() for path in self._folder.glob("latest.jpg")]

    def go_away(self):
        self._folder.rename(self._aside)
        self._folder.write_text("in the way")

    def come_back(self):
        self._folder.unlink()
        self._aside.rename(self._folder)


class RedisRig:
    """A Redis that is really stopped and started."""

    def __init__(self, request, folder):
        self._server = request.getfixturevalue("redis_server")
        self._client = self._server.client()
        request.addfinalizer(self._client.close)
        self._request = request

    async def start(self):
        config = RedisConfig(host="127.0.0.1", port=self._server.port)
        self.backend = RedisBackend.of(config, "run1", Limits(1_000), ServiceHeartbeats("probe"))
        self._subscriber = Subscriber(self._client, "physiology:*")
        self._request.addfinalizer(self._subscriber.close)
        self._published = []

    async def heard(self, kind):
        """A client of the stream knows an envelope by its number."""
        entries = [fields for _, fields in self._client.xrange("physiology:envelopes")]
        by_number = {int(fields[b"seq"]): fields for fields in entries}
        return [
            fields[b"envelope"]
            for _, fields in sorted(by_number.items())
            if fields[b"channel"] == kind.encode()
        ]

    async def pictures(self):
        documents = [json.loads(data) for data in self.published("frame")]
        return [base64.b64decode(document["payload"]["image"]) for document in documents]

    def published(self, kind):
        """What a subscriber has heard until now."""
        self._published += self._subscriber.heard()
        channel = b"physiology:%b" % kind.encode()
        return [message["data"] for message in self._published if message["channel"] == channel]

    def go_away(self):
        self._server.stop()

    def come_back(self):
        self._server.start()


class GrpcRig:
    """Readers of the server's streams, without the wire."""

    def __init__(self, request, folder):
        self._reading = contextlib.ExitStack()

    async def start(self):
        subscribers = Subscribers(queue=2_000)
        self.backend = GrpcBackend(subscribers)
        self._readers = {
            kind: self._reading.enter_context(subscribers.subscribe(kind)) for kind in KINDS
        }

    async def heard(self, kind):
        await self.backend.close()
        heard = []
        while (found := await self._readers[kind].next()) is not None:
            heard.append(found[0].envelope)
        return heard

    async def pictures(self):
        documents = [json.loads(data) for data in await self.heard("frame")]
        return [base64.b64decode(document["payload"]["image"]) for document in documents]


def play(rig, scenario):
    """Start the backend, act, and close it; gives what the scenario gives."""

    async def run():
        await rig.start()
        try:
            return await scenario(rig)
        finally:
            await rig.backend.close()

    return asyncio.run(run())


async def until_away(health):
    """Wait until the publisher has found the backend away."""
    async with asyncio.timeout(PATIENCE_S):
        while "streaming_backend" not in health.failing:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.01)
