"""A token and TLS, over real connections."""

import subprocess

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.support.patience import PATIENCE_S
from tests.support.rpc import connected, own_stub, serving
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

TOKEN = "correct horse"
GOOD = (("authorization", f"Bearer {TOKEN}"),)
BAD = {
    "none": (),
    "wrong": (("authorization", "Bearer battery staple"),),
    "a beginning": (("authorization", "Bearer correct"),),
    "another scheme": (("authorization", f"Basic {TOKEN}"),),
    "bare": (("authorization", TOKEN),),
    "two": (*GOOD, ("authorization", "Bearer x")),
}
CALLS = {
    "unary": lambda stub, metadata: stub.GetStatus(Empty(), metadata=metadata, timeout=PATIENCE_S),
    "stream": lambda stub, metadata: next(
        stub.StreamStatus(Empty(), metadata=metadata, timeout=PATIENCE_S)
    ),
    "upload": lambda stub, metadata: stub.UploadFrames(
        iter([pb.FrameWithTimestamp()]), metadata=metadata, timeout=PATIENCE_S
    ),
}


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("token") / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, token_file):
    with serving(tmp_path_factory.mktemp("guarded"), token_file=token_file) as rig:
        yield rig


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A key, and a certificate for this machine that it signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return {"tls_key_file": key, "tls_certificate_file": certificate}


def code(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code()


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("token", BAD)
def test_without_the_token_no_rpc_answers(guarded, kind, token):
    """
    Of whatever kind it is.
    """
    with own_stub(guarded) as stub:
        assert grpc.StatusCode.UNAUTHENTICATED is code(CALLS[kind], stub, BAD[token])


def test_with_the_token_rpcs_answer(guarded):
    """
    As if there were none.
    """
    with own_stub(guarded) as stub:
        assert [8, 8] == [
            CALLS["unary"](stub, GOOD).status,
            CALLS["stream"](stub, GOOD).status.value,
        ]


def test_an_unknown_caller_learns_no_names(guarded):
    """
    Reflection wants the token too.
    """
    with guarded.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        question = reflection_pb2.ServerReflectionRequest(list_services="")

        assert grpc.StatusCode.UNAUTHENTICATED is code(
            lambda: next(stub.ServerReflectionInfo(iter([question]), timeout=PATIENCE_S))
        )


def test_health_is_open_to_probes(guarded):
    """
    A probe has no secrets, and learns only whether the server serves.
    """
    with guarded.channel() as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())

    assert health_pb2.HealthCheckResponse.SERVING == answer.status


def test_with_tls_the_connection_is_encrypted(tmp_path, tls):
    """
    A client that trusts the certificate gets through.
    """
    trusted = grpc.ssl_channel_credentials(tls["tls_certificate_file"].read_bytes())
    with (
        serving(tmp_path, **tls) as rig,
        grpc.secure_channel(f"127.0.0.1:{rig.port}", trusted) as channel,
    ):
        status = pb_grpc.PhysiologyStub(channel).GetStatus(Empty(), timeout=PATIENCE_S)

    assert 8 == status.status


def test_with_tls_a_client_in_clear_text_gets_nowhere(tmp_path, tls):
    """
    There is no second door.
    """
    with serving(tmp_path, **tls) as rig, own_stub(rig) as stub:
        assert grpc.StatusCode.UNAVAILABLE is code(CALLS["unary"], stub, ())


def test_our_own_client_speaks_tls_and_knows_the_token(tmp_path, tls, token_file):
    """
    The environment tells it both.
    """
    environ = {
        "VITALRIG_RPC_TOKEN_FILE": str(token_file),
        "VITALRIG_RPC_CA_FILE": str(tls["tls_certificate_file"]),
    }
    with (
        serving(tmp_path, token_file=token_file, **tls) as rig,
        connected(f"127.0.0.1:{rig.port}", environ) as server,
    ):
        assert server.start().edge_running
