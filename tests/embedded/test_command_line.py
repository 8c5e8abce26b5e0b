"""manage.py has the database run where a command asks it, and only there."""

import os
import socket
import subprocess
import sys

import pytest
from django.utils.translation import get_language

from omni.embedded import postgres
from omni.embedded.command_line import main, needs_database
from omni.embedded.web import HOST, free_port
from tests.embedded.machine import ROOT, is_up


@pytest.mark.parametrize(
    ("argv", "needs"),
    [
        ([], False),
        (["help"], False),
        (["migrate", "--help"], False),
        (["makemessages", "-a"], False),
        (["check"], False),
        (["check", "--database", "default"], True),
        (["demo"], False),
        (["migrate"], True),
        (["shell"], True),
        (["audit"], True),
        (["create_channel_key", "web"], True),
    ],
)
def test_which_commands_ask_the_database(argv, needs):
    assert needs_database(["manage.py", *argv]) is needs


def manage(data_dir, *argv):
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "OMNI_MODE"}}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *argv],
        env=environment | {"OMNI_DATA_DIR": str(data_dir)},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.embedded
@pytest.mark.embedded
def test_a_command_finds_its_database_whether_or_not_somebody_runs_it_already(tmp_path):
    data_dir = tmp_path / "my shop"
    ask = ("shell", "--no-imports", "-c", "from django.db import connection; connection.ensure_connection(); print(7)")
    alone = manage(data_dir, *ask)
    assert (alone.returncode, alone.stdout) == (0, "7\n"), alone.stderr
    assert not is_up(data_dir)
    with postgres.running(data_dir):
        beside = manage(data_dir, *ask)
        assert (beside.returncode, beside.stdout) == (0, "7\n"), beside.stderr
        assert is_up(data_dir)
    postgres.socket_dir(data_dir).rmdir()


def test_an_embedded_error_is_one_line_of_advice(tmp_path):
    (tmp_path / "postgres" / "global").mkdir(parents=True)
    (tmp_path / "postgres" / "global" / "pg_control").touch()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    done = manage(tmp_path, "migrate")
    assert done.returncode == 1
    assert "made by PostgreSQL 16" in done.stderr
    assert "Traceback" not in done.stderr
    postgres.socket_dir(tmp_path).rmdir()


def test_a_folder_of_ours_that_is_read_only_is_called_so(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(postgres.EmbeddedError, match=r"is read-only.*chmod"):
        postgres.local_secret(tmp_path)


@pytest.mark.embedded
def test_a_command_that_tells_the_worker_something_prints_nothing_about_the_broker(tmp_path):
    told = "from omni.celery import app; app.send_task('nobody.hears')"
    done = manage(tmp_path, "shell", "--no-imports", "-c", told)
    postgres.socket_dir(tmp_path).rmdir()
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("told", "language"),
    [
        ({"LANG": "C"}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_a_command_speaks_the_language_of_its_terminal(told, language, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    spoken = []
    monkeypatch.setattr("django.core.management.execute_from_command_line", lambda argv: spoken.append(get_language()))
    main(["manage.py", "version"])
    assert spoken == [language]


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        assert free_port(port) > port
