"""The generated passwords."""

import hashlib
import json
import stat

from rig import redis_users, secrets_files


def test_passwords_are_made_once_and_stay(tmp_path):
    """
    A second `make up` must not lock the services out of Redis.
    """
    folder = tmp_path / "secrets"
    secrets_files.ensure(folder)
    before = {path.name: (path.read_text(), path.stat().st_ino) for path in folder.iterdir()}

    secrets_files.ensure(folder)

    assert before == {
        path.name: (path.read_text(), path.stat().st_ino) for path in folder.iterdir()
    }


def test_every_rig_has_its_own_passwords(tmp_path):
    """
    There is no default password.
    """
    secrets_files.ensure(tmp_path / "one")
    secrets_files.ensure(tmp_path / "two")

    one = secrets_files.read(tmp_path / "one", "redis_password")
    assert one != secrets_files.read(tmp_path / "two", "redis_password")
    assert one != secrets_files.read(tmp_path / "one", "grafana_admin_password")
    assert len(one) >= 32


def test_other_users_cannot_reach_the_files_but_a_container_can_read_them(tmp_path):
    """
    The folder is closed; the files are readable, for a mount goes past the folder.
    """
    folder = tmp_path / "secrets"
    secrets_files.ensure(folder)

    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o444} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_the_acl_file_holds_the_hashes_and_not_the_passwords(tmp_path):
    """
    Who can read Redis's configuration cannot log in with it.
    """
    secrets_files.ensure(tmp_path)
    acl = (tmp_path / "redis_acl").read_text()

    for user in redis_users.NAMES:
        password = secrets_files.read(tmp_path, redis_users.password_file(user))
        assert password not in acl
        assert f"#{hashlib.sha256(password.encode()).hexdigest()}" in acl.split()
    assert "nopass" not in acl


def test_a_password_that_was_set_by_hand_gets_its_acl(tmp_path):
    """
    To change it, write it into redis_password and start again.
    """
    secrets_files.ensure(tmp_path)
    (tmp_path / "redis_password").unlink()
    (tmp_path / "redis_password").write_text("changed\n")

    secrets_files.ensure(tmp_path)

    digest = hashlib.sha256(b"changed").hexdigest()
    assert f"user client on resetpass resetkeys resetchannels #{digest}" in (
        (tmp_path / "redis_acl").read_text()
    )
    config = json.loads((tmp_path / "redis_ipc_config.json").read_text())
    assert secrets_files.read(tmp_path, "redis_password_default") == config["password"]


def test_other_users_of_redis_are_noticed(tmp_path):
    """
    Redis reads them at its start alone, so a container is made anew when they change.
    """
    secrets_files.ensure(tmp_path)
    before = secrets_files.fingerprint(tmp_path)
    (tmp_path / "redis_password_collector").unlink()

    secrets_files.ensure(tmp_path)

    assert before != secrets_files.fingerprint(tmp_path)
