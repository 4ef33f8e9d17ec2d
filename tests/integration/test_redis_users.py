"""Redis's users: each service can do its work as its own user, and nothing else."""

import json
import re
from pathlib import Path

import pytest
import redis
from redis.exceptions import NoPermissionError

from rig import redis_users, secrets_files
from services.collector import app as collector
from services.collector import relay
from services.collector.settings import Settings as CollectorSettings
from services.exporter import app as exporter
from services.exporter.settings import Settings as ExporterSettings
from services.physiology_server import app as server
from services.physiology_server.settings import Settings as ServerSettings
from services.telemetry import app as telemetry
from services.telemetry.settings import Settings as TelemetrySettings
from tests.support.eventually import eventually
from tests.support.kept_events import kept
from tests.support.redis_server import RedisServer
from tests.support.rpc import connected
from tests.support.running import a_watchdog, load, running
from vitalrig import redis_keys
from vitalrig.testing.installed_redis import redis_programs

ROOT = Path(__file__).resolve().parents[2]
STREAM = "physiology:envelopes"
WRITERS = ("physiology_server", "relay")
READERS = ("client", "collector", "exporter", "telemetry")
SERVICES = ("physiology_server", "collector", "exporter")


@pytest.fixture
def secrets(tmp_path):
    secrets_files.ensure(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.fixture
def guarded(redis_server: RedisServer, secrets):
    """A Redis with the rig's users, and one more who may see whom it refused."""
    with redis_server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "admin", "on", ">admin", "~*", "&*", "+@all")
        # The default user is the one that says all this, so it comes last.
        for line in reversed((secrets / "redis_acl").read_text().splitlines()):
            _, name, *rules = line.split()
            admin.execute_command("ACL", "SETUSER", name, *rules)
    return redis_server


@pytest.fixture
def admin(guarded):
    with redis.Redis(port=guarded.port, username="admin", password="admin", protocol=2) as client:
        client.xadd(STREAM, {"channel": "status", "envelope": "{}", "run": "r", "seq": 1})
        yield client


def as_user(guarded, secrets, name):
    password = secrets_files.read(secrets, redis_users.password_file(name))
    return redis.Redis(port=guarded.port, username=name, password=password, protocol=2)


def settings_of(kind, guarded, secrets, **changes):
    user = kind.service()
    return load(
        kind, guarded, redis_username=user,
        redis_password_file=secrets / redis_users.password_file(user), **changes,
    )  # fmt: skip


def said(admin):
    """The events that services have said."""
    return [json.loads(entry[b"event"]) for _, entry in admin.xrange(redis_keys.EVENTS)]


def refused(admin):
    """Whom Redis refused, and what."""
    return [
        (entry[b"username"], entry[b"object"])
        for entry in (
            dict(zip(row[::2], row[1::2], strict=True))
            for row in admin.execute_command("ACL", "LOG")
        )
        if entry[b"username"] != b"admin"
    ]


def test_every_service_does_its_work_as_its_own_user(guarded, admin, secrets, tmp_path):
    """
    A recording from start to finished files, live numbers on the page, and nobody is refused.
    """
    admin.delete(STREAM)
    sessions = tmp_path / "sessions"
    made = [
        server.build(
            settings_of(ServerSettings, guarded, secrets, port=0, stream_max_age_s=1),
            a_watchdog(tmp_path, "server"),
        ),
        collector.build(
            settings_of(CollectorSettings, guarded, secrets, sessions_folder=sessions),
            a_watchdog(tmp_path, "collector"),
        ),
        exporter.build(
            settings_of(ExporterSettings, guarded, secrets, port=0, sessions_folder=sessions),
            a_watchdog(tmp_path, "exporter"),
        ),
        telemetry.build(
            settings_of(
                TelemetrySettings, guarded, secrets,
                port=0, site_folder=tmp_path / "telemetry", sessions_folder=sessions,
            ),
            a_watchdog(tmp_path, "telemetry"),
        ),
    ]  # fmt: skip
    with running(made[0]), running(made[1]), running(made[2]), running(made[3]):
        eventually(lambda: made[0].port)
        with connected(f"127.0.0.1:{made[0].port}") as control:
            control.start()
            control.set_recording(True, "users")
            eventually((sessions / "metrics_users.jsonl").exists, within_s=20)
            eventually(lambda: admin.xlen(STREAM) > 200, within_s=20)
            control.set_recording(False)
        eventually((sessions / "metrics_users.json").exists, within_s=20)

        for service in made[:3]:
            service.events.emit("mark", {"text": service.beats.service})
            service.events.start()
        eventually(lambda: kept(tmp_path / "telemetry", "session.closed"))
        for service in made[:3]:
            service.events.close()
    made[3].events_log.close()

    assert set(SERVICES) <= {event["meta"]["emitter"].partition("@")[0] for event in said(admin)}
    assert [] == refused(admin)


def test_the_relay_and_a_collector_on_pubsub_do_their_work(guarded, admin, secrets, tmp_path):
    """
    With a vendor's server in place of ours, which knows a password and no name.
    """
    admin.delete(STREAM)
    admin.execute_command("ACL", "SETUSER", "default", "on")  # as acl(vendors_server=True) has it
    listener = collector.build(
        settings_of(
            CollectorSettings, guarded, secrets,
            sessions_folder=tmp_path / "sessions", transport="pubsub",
        ),
        a_watchdog(tmp_path, "collector"),
    )  # fmt: skip
    keeper = relay.build(
        settings_of(relay.RelaySettings, guarded, secrets), a_watchdog(tmp_path, "relay")
    )
    state = '{"type": "recording_state", "timestamp": 1, "payload": {"recording": true}}'
    with running(listener), running(keeper), as_user(guarded, secrets, "default") as vendor:

        def relayed():
            vendor.publish("physiology:recording_state", state)
            return admin.xlen(STREAM)

        eventually(relayed)

    assert [] == refused(admin)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "command",
    [
        ("DEL", STREAM),
        ("UNLINK", STREAM),
        ("XTRIM", STREAM, "MAXLEN", 0),
        ("XDEL", STREAM, "1-1"),
        ("XGROUP", "DESTROY", STREAM, "vitalrig:recorded:x"),
        ("XADD", STREAM, "MAXLEN", 1, "*", "envelope", "{}"),
        ("SET", STREAM, "gone"),
        ("EXPIRE", STREAM, 1),
        ("RENAME", STREAM, "elsewhere"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("CONFIG", "SET", "maxmemory", "1"),
        ("EVAL", "return redis.call('DEL', KEYS[1])", 1, STREAM),
        ("SHUTDOWN",),
    ],
    ids=lambda words: " ".join(map(str, words[:2])),
)
def test_none_but_a_writer_may_shorten_or_delete_a_stream(guarded, admin, secrets, name, command):
    """
    What is not recorded yet is safe from every other service, and from every client.
    """
    with as_user(guarded, secrets, name) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)

    assert 1 == admin.xlen(STREAM)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "command", [("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "1"), ("SET", "other:key", "1")]
)
def test_a_writer_reaches_nothing_but_what_it_writes(guarded, admin, secrets, name, command):
    """
    It cannot empty Redis, change it, or write names of somebody else.
    """
    with as_user(guarded, secrets, name) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)


def test_a_client_listens_and_reads_and_cannot_speak_as_a_camera(guarded, admin, secrets):
    """
    Samples and notebooks see everything and change nothing.
    """
    with as_user(guarded, secrets, "client") as client:
        assert 1 == len(client.xrange(STREAM))
        client.pubsub().subscribe("physiology:core_metrics")
        assert client.info()
        with pytest.raises(NoPermissionError):
            client.publish("physiology:core_metrics", "{}")


def test_a_password_without_a_name_is_the_vendors_servers_alone(guarded, admin, secrets):
    """
    Its documented configuration knows no name; without it nobody logs in so.
    """
    with as_user(guarded, secrets, "default") as client, pytest.raises(redis.AuthenticationError):
        client.ping()

    (line,) = [
        line
        for line in redis_users.acl(dict.fromkeys(redis_users.NAMES, "x")).splitlines()
        if line.startswith("user default")
    ]
    assert " off " in line
    assert (
        " on "
        in redis_users.acl(dict.fromkeys(redis_users.NAMES, "x"), vendors_server=True).splitlines()[
            0
        ]
    )


@pytest.mark.parametrize("program", redis_programs(), ids=lambda path: path.name)
@pytest.mark.parametrize("vendors_server", [False, True], ids=["ours", "the vendor's"])
@pytest.mark.parametrize("name", WRITERS)
def test_what_a_writer_wrote_outlives_a_restart_of_redis(tmp_path, program, vendors_server, name):
    """
    Redis asks for the default user's rights when it reads transactions from its own file.
    """
    secrets = tmp_path / "secrets"
    secrets_files.ensure(secrets, vendors_server=vendors_server)
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", program)
    users = "--aclfile", str(secrets / "redis_acl")

    def login() -> redis.Redis:
        return as_user(server, secrets, name)

    server.start(*users, login=login)
    with login() as writer, writer.pipeline(transaction=True) as batch:
        for number in range(3):
            batch.xadd(STREAM, {"seq": number}, maxlen=1000)
        if name == "physiology_server":
            batch.set("physiology:recording_state:last", "{}")
        batch.execute()
    server.stop()

    server.start(*users, login=login)
    with as_user(server, secrets, "client") as reader:
        assert 3 == reader.xlen(STREAM)
        assert name != "physiology_server" or reader.get("physiology:recording_state:last")
    server.stop()


# What a service calls on a client, a pipeline or a subscription, and the command that Redis gets.
SENT = {
    "eval": ("EVAL", "return 1", 1, "physiology:lease"),
    "exists": ("EXISTS", STREAM),
    "get": ("GET", "physiology:recording_state:last"),
    "info": ("INFO",),
    "pttl": ("PTTL", "physiology:lease"),
    "publish": ("PUBLISH", "vitalrig:heartbeats:one", "{}"),
    "subscribe": ("SUBSCRIBE", "physiology:core_metrics"),
    "psubscribe": ("PSUBSCRIBE", "vitalrig:*"),
    "unsubscribe": ("UNSUBSCRIBE",),
    "time": ("TIME",),
    "xadd": ("XADD", STREAM, "*", "a", "b"),
    "xgroup_create": ("XGROUP", "CREATE", STREAM, "vitalrig:recorded:x", "0-0"),
    "xgroup_setid": ("XGROUP", "SETID", STREAM, "vitalrig:recorded:x", "1-1"),
    "xinfo_stream": ("XINFO", "STREAM", STREAM),
    "xrange": ("XRANGE", STREAM, "-", "+"),
    "xread": ("XREAD", "STREAMS", STREAM, "0-0"),
    "xrevrange": ("XREVRANGE", STREAM, "+", "-"),
}
# These send nothing by themselves, or are not Redis's.
SILENT = {
    "aclose", "close", "connect", "drop", "execute", "execute_command", "get_message", "pipeline",
    "pubsub", "read",
}  # fmt: skip


def called_in(*files):
    """The methods of Redis's clients that are called there."""
    text = "".join(path.read_text() for path in files)
    found = set(re.findall(r"\b(?:_?client|pipe|_?pubsub)\.([a-z_]+)\(", text))
    assert found <= SENT.keys() | SILENT, "say above what is sent for it"
    return found & SENT.keys()


def test_every_command_that_a_service_sends_is_allowed_to_its_user(guarded, admin):
    """
    Also those that it sends once in a blue moon, such as after Redis was emptied.
    """
    services = ROOT / "services"
    of_relay = set((services / "collector").glob("relay*.py"))
    sent = {
        "relay": called_in(*of_relay),
        "collector": called_in(*({*(services / "collector").rglob("*.py")} - of_relay)),
        "exporter": called_in(*(services / "exporter").rglob("*.py")),
        "physiology_server": called_in(*(services / "physiology_server").rglob("*.py")),
        "telemetry": called_in(*(services / "telemetry").rglob("*.py")),
    }
    admin.xadd(redis_keys.EVENTS, {"event": "{}"})

    def command(user, method):
        own = {STREAM: redis_keys.EVENTS} if user == "telemetry" else {}
        return [own.get(word, word) for word in SENT[method]]

    refused_ones = {
        (user, method): answer
        for user, methods in sent.items()
        for method in methods
        if (answer := admin.execute_command("ACL", "DRYRUN", user, *command(user, method))) != b"OK"
    }

    # The exporter listens to reports alone.
    assert {("exporter", "subscribe")} >= refused_ones.keys(), refused_ones


@pytest.mark.parametrize("name", ["physiology_server", "relay", "collector", "exporter"])
def test_whoever_says_events_adds_them_to_their_stream_alone(guarded, admin, secrets, name):
    """
    Nobody but Redis itself takes one away, or reads what others said.
    """
    with as_user(guarded, secrets, name) as client:
        client.xadd(redis_keys.EVENTS, {"event": "{}"}, maxlen=10_000)
        for refused_call in (
            lambda: client.xtrim(redis_keys.EVENTS, maxlen=0),
            lambda: client.delete(redis_keys.EVENTS),
            lambda: client.xread({redis_keys.EVENTS: "0-0"}),
        ):
            with pytest.raises(NoPermissionError):
                refused_call()


def test_telemetry_reads_events_and_no_envelope(guarded, admin, secrets):
    """
    It takes what clients post, and stands before nothing of a person's.
    """
    admin.xadd(redis_keys.EVENTS, {"event": "{}"})
    with as_user(guarded, secrets, "telemetry") as client:
        assert client.xread({redis_keys.EVENTS: "0-0"})
        for refused_call in (
            lambda: client.xread({STREAM: "0-0"}),
            lambda: client.xadd(redis_keys.EVENTS, {"event": "{}"}),
        ):
            with pytest.raises(NoPermissionError):
                refused_call()


def test_the_exporter_sees_reports_and_no_envelope(guarded, admin, secrets):
    """
    The page that others can reach stands before a service that cannot reach recordings.
    """
    with as_user(guarded, secrets, "exporter") as client:
        for refused_call in (
            lambda: client.xrange(STREAM),
            lambda: client.execute_command("SUBSCRIBE", "physiology:core_metrics"),
            lambda: client.publish("physiology:core_metrics", "{}"),
        ):
            with pytest.raises(NoPermissionError):
                refused_call()
