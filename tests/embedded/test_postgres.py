"""The embedded server starts, is shared, survives being killed, and never deletes anybody's data."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from omni.embedded import postgres
from tests.embedded.machine import (
    ROOT,
    Holder,
    ask,
    is_up,
    kill_server,
    ordinary_user,
    python_for_an_ordinary_user,
    server_pid,
)

pytestmark = pytest.mark.embedded
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="omni-test-"))
    base.chmod(0o755)
    folder = base / "a shop with spaces"
    yield folder
    postgres.release(folder)
    assert not is_up(folder), "a test left its server running"
    shutil.rmtree(postgres.socket_dir(folder), ignore_errors=True)
    shutil.rmtree(base)


def test_it_starts_in_a_path_with_spaces_answers_and_stops(data_dir):
    with postgres.running(data_dir):
        assert ask(data_dir, "SHOW server_version").startswith("18.")
        assert ask(data_dir, "SELECT datlocale FROM pg_database WHERE datname = 'omni'") == "C.UTF-8"
        assert ask(data_dir, "SHOW fsync") == "on"
        assert ask(data_dir, "SHOW synchronous_commit") == "on"
        assert ask(data_dir, "SHOW listen_addresses") == ""
    assert not is_up(data_dir)


def test_a_very_long_path_is_fine(data_dir):
    long = data_dir / ("x" * 120) / ("y" * 120)
    with postgres.running(long):
        assert is_up(long)
    shutil.rmtree(postgres.socket_dir(long))


def test_only_its_owner_can_reach_the_socket(data_dir):
    with postgres.running(data_dir):
        assert postgres.socket_dir(data_dir).stat().st_mode & 0o777 == 0o700


def test_data_outlives_a_stop(data_dir):
    with postgres.running(data_dir):
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS x")
    with postgres.running(data_dir):
        assert ask(data_dir, "SELECT x FROM kept") == 7


def test_the_last_to_leave_stops_the_server(data_dir):
    alice = Holder(data_dir).wait_until_up()
    bob = Holder(data_dir).wait_until_up()
    alice.leave()
    assert is_up(data_dir)
    bob.leave()
    assert not is_up(data_dir)


def test_two_uses_in_one_process_are_counted(data_dir):
    with postgres.running(data_dir):
        with postgres.running(data_dir):
            pass
        assert is_up(data_dir)
    assert not is_up(data_dir)


def test_many_processes_starting_at_once_share_one_server(data_dir):
    holders = [Holder(data_dir) for _ in range(4)]
    for holder in holders:
        holder.wait_until_up()
    assert is_up(data_dir)
    for holder in holders:
        holder.leave()
    assert not is_up(data_dir)


def test_a_killed_user_leaves_a_server_that_the_next_one_reuses_and_stops(data_dir):
    Holder(data_dir).wait_until_up().kill()
    assert is_up(data_dir)
    before = server_pid(data_dir)
    with postgres.running(data_dir):
        assert server_pid(data_dir) == before
    assert not is_up(data_dir)


def test_a_killed_server_recovers_with_its_data(data_dir):
    with postgres.running(data_dir):
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS x")
        kill_server(data_dir)
        for _second in range(30):
            # As the open shop does, once a second.
            postgres.revive(data_dir)
            if is_up(data_dir):
                break
            time.sleep(0.2)
        assert ask(data_dir, "SELECT x FROM kept") == 7


def test_user_and_server_killed_together_leave_a_stale_pid_file_that_is_no_obstacle(data_dir):
    holder = Holder(data_dir).wait_until_up()
    ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS x")
    kill_server(data_dir)
    holder.kill()
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    with postgres.running(data_dir):
        assert ask(data_dir, "SELECT x FROM kept") == 7


def test_a_pid_file_that_names_somebody_elses_process_is_no_obstacle(data_dir):
    with postgres.running(data_dir):
        pid_file = (data_dir / "postgres" / "postmaster.pid").read_text()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lines = pid_file.split("\n")
        lines[0] = str(stranger.pid)
        file = data_dir / "postgres" / "postmaster.pid"
        file.write_text("\n".join(lines))
        if os.geteuid() == 0:
            owner = (data_dir / "postgres").stat()
            os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(0o600)
        with postgres.running(data_dir):
            assert is_up(data_dir)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_is_not_taken_for_a_running_server(data_dir):
    with postgres.running(data_dir):
        pid_file = (data_dir / "postgres" / "postmaster.pid").read_text()
    zombie = subprocess.Popen(["true"])
    time.sleep(0.2)
    try:
        file = data_dir / "postgres" / "postmaster.pid"
        file.write_text(pid_file.replace(pid_file.split("\n")[0], str(zombie.pid), 1))
        if os.geteuid() == 0:
            owner = (data_dir / "postgres").stat()
            os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(0o600)
        with postgres.running(data_dir):
            assert is_up(data_dir)
    finally:
        zombie.wait()


def test_a_server_whose_socket_was_swept_away_is_started_again(data_dir):
    with postgres.running(data_dir):
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS x")
        shutil.rmtree(postgres.socket_dir(data_dir))
        assert not is_up(data_dir)
        with postgres.running(data_dir):
            assert ask(data_dir, "SELECT x FROM kept") == 7


@pytest.mark.parametrize("name", ["postgres", "postgres.unfinished"])
def test_a_half_made_folder_is_moved_aside_and_nothing_in_it_is_deleted(data_dir, name):
    half = data_dir / name
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (half / "mine.txt").write_text("somebody wrote this")
    with postgres.running(data_dir):
        assert is_up(data_dir)
    (aside,) = data_dir.glob("postgres.incomplete-*")
    assert (aside / "mine.txt").read_text() == "somebody wrote this"


def test_another_major_version_is_refused_with_advice_and_left_alone(data_dir):
    with postgres.running(data_dir):
        pass
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(postgres.EmbeddedError, match=r"made by PostgreSQL 16.*pg_dump"):
        postgres.ensure_running(data_dir)
    assert (data_dir / "postgres" / "PG_VERSION").read_text() == "16\n"
    (data_dir / "postgres" / "PG_VERSION").write_text("18\n")
    with postgres.running(data_dir):
        assert is_up(data_dir)


def test_clearing_is_refused_while_another_process_uses_the_server(data_dir):
    alice = Holder(data_dir).wait_until_up()
    with pytest.raises(postgres.EmbeddedError, match="Another process uses"), postgres.cleared(data_dir):
        pytest.fail("this must not be reached")
    assert is_up(data_dir)
    alice.leave()
    with postgres.cleared(data_dir):
        assert not is_up(data_dir)


def test_a_child_process_does_not_keep_the_server(data_dir):
    postgres.ensure_running(data_dir)
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        postgres.release(data_dir)
        assert not is_up(data_dir)
    finally:
        child.kill()
        child.wait()


def test_the_secret_is_made_once_and_readable_by_its_owner_only(data_dir):
    ask_secret = "import sys; from pathlib import Path; from omni.embedded.postgres import local_secret; "
    ask_secret += "sys.stdout.write(local_secret(Path(sys.argv[1])))"
    first = [
        subprocess.Popen([sys.executable, "-c", ask_secret, str(data_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = {process.communicate(timeout=30)[0] for process in first}
    assert told == {postgres.local_secret(data_dir)}
    assert len(told.pop()) >= 50
    assert (data_dir / "secret").stat().st_mode & 0o777 == 0o600


@as_root
def test_root_runs_the_server_as_somebody_else(data_dir):
    closed = data_dir / "closed"
    closed.mkdir(parents=True, mode=0o700)
    with postgres.running(closed / "shop"):
        assert Path(f"/proc/{server_pid(closed / 'shop')}").stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o701, "it may be walked through, and neither listed nor read"
    shutil.rmtree(postgres.socket_dir(closed / "shop"))


@as_root
def test_an_ordinary_user_starts_it_too_and_root_may_join(data_dir):
    user = ordinary_user()
    python = python_for_an_ordinary_user()
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, user["user"], user["group"])
    alice = Holder(data_dir, python, **user).wait_until_up()
    assert Path(f"/proc/{server_pid(data_dir)}").stat().st_uid == user["user"]
    with postgres.running(data_dir):
        assert is_up(data_dir)
    assert is_up(data_dir)
    alice.leave()
    with postgres.running(data_dir):
        assert Path(f"/proc/{server_pid(data_dir)}").stat().st_uid == user["user"]
    Holder(data_dir, python, **user).wait_until_up().leave()


@as_root
def test_a_folder_of_somebody_else_is_refused_with_advice(data_dir):
    data_dir.mkdir(mode=0o700)
    mallory = Holder(data_dir, python_for_an_ordinary_user(), **ordinary_user())
    _, told = mallory.process.communicate(timeout=30)
    assert mallory.process.returncode == 1
    assert "OMNI_DATA_DIR" in told


@as_root
def test_a_socket_directory_made_by_somebody_else_is_refused(data_dir):
    sockets = postgres.socket_dir(data_dir)
    sockets.mkdir()
    os.chown(sockets, ordinary_user()["user"], -1)
    with pytest.raises(postgres.EmbeddedError, match="made by somebody else"):
        postgres.ensure_running(data_dir)
    with pytest.raises(psycopg.OperationalError):
        ask(data_dir, "SELECT 1")
