"""What a server was heard to make, over gRPC, whatever became of it on the way to Redis."""

import threading
from collections.abc import Mapping

import grpc
from google.protobuf.empty_pb2 import Empty

from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

STREAMS = {
    "core_metrics": "StreamCoreMetrics",
    "edge_metrics": "StreamEdgeMetrics",
    "status": "StreamStatus",
}


class GrpcReader:
    """
    Subscribes to all three streams of the server at an address, through its restarts.

    Attributes:
        heard: Channel and stamp of what was heard, by run and number.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop_wanted = threading.Event()
        self._threads = [
            threading.Thread(target=self._read_again_and_again, args=each, daemon=True)
            for each in STREAMS.items()
        ]
        self.heard: dict[tuple[str, int], tuple[str, int]] = {}

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop_wanted.set()
        for thread in self._threads:
            thread.join()

    @property
    def made(self) -> Mapping[str, int]:
        """The highest number of each run."""
        highest: dict[str, int] = {}
        for run, seq in list(self.heard):
            highest[run] = max(seq, highest.get(run, 0))
        return highest

    def _read_again_and_again(self, kind: str, method: str) -> None:
        while not self._stop_wanted.is_set():
            # Each time a connection of its own: one that waits before it tries again hears less.
            options = (("grpc.use_local_subchannel_pool", 1),)
            with grpc.insecure_channel(self._address, options) as channel:
                try:
                    self._read(pb_grpc.PhysiologyStub(channel), kind, method)
                except grpc.RpcError:
                    self._stop_wanted.wait(0.05)

    def _read(self, stub: pb_grpc.PhysiologyStub, kind: str, method: str) -> None:
        stream = getattr(stub, method)(Empty())
        threading.Thread(target=self._cancel, args=(stream,), daemon=True).start()
        try:
            run = stub.GetServerInfo(Empty()).run_id
            first = next(stream)
            if stub.GetServerInfo(Empty()).run_id != run:
                return  # another server came in between
            self._note(run, kind, first)
            for message in stream:
                self._note(run, kind, message)
        except StopIteration:
            return
        finally:
            stream.cancel()

    def _cancel(self, stream: grpc.Future) -> None:
        while stream.is_active() and not self._stop_wanted.wait(0.1):
            pass
        stream.cancel()

    def _note(self, run: str, kind: str, message: object) -> None:
        self.heard[run, message.seq] = (kind, message.timestamp_us)
