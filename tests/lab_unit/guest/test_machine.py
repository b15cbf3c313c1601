"""The choice of a machine, and a real guest: what comes back from it, and that nothing of it is left."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ipsec_lab import packages
from ipsec_lab.errors import LabError
from ipsec_lab.guest import kernel, machine, probe
from ipsec_lab.guest.machine import Local, attach, ensure_machine
from ipsec_lab.progress import Progress
from ipsec_lab.tools import Done


def test_what_the_kernel_lacks_is_what_could_not_be_made() -> None:
    def run(argv: list[str], **_: object) -> Done:
        assert argv[:3] == ["unshare", "--net", "--"]
        return Done(int(argv[3] in ("nft", "tc")), "")

    assert probe.missing(run) == ["nftables", "netem"]  # type: ignore[arg-type]


def test_where_the_kernel_has_all_no_guest_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("ipsec_lab.packages.ensure", lambda *_: None)
    monkeypatch.setattr(probe, "missing", list)
    said = io.StringIO()
    assert isinstance(ensure_machine(Progress(said), []), Local)
    assert said.getvalue() == "kernel: this machine's own, it has all that the lab needs\n"


@pytest.mark.parametrize("memory", ["2", "2T", "G", "100M", "-2G"])
def test_a_memory_size_that_cannot_be_is_refused(memory: str) -> None:
    with pytest.raises(LabError, match="no memory size"):
        machine._refuse_without_room(memory)


def test_without_room_for_the_guest_the_error_says_how_much_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda text: 700 << 20)
    with pytest.raises(LabError, match="2G of memory, and 700 MB are free"):
        machine._refuse_without_room("2G")
    machine._refuse_without_room("512M")


def test_free_memory_is_read_in_bytes() -> None:
    assert machine.available_memory("MemTotal: 9 kB\nMemAvailable:   2048 kB\n") == 2048 * 1024


@pytest.mark.parametrize(
    ("argv", "status"),
    [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill -9 $$"], 137), (["no-such"], 127)],
)
def test_this_machine_reports_an_end_as_a_guest_does(argv: list[str], status: int) -> None:
    assert Local().run(argv, cwd=Path("/"), env=os.environ) == status


@pytest.fixture
def esp_missing() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a guest")
    wanted = (*packages.HOST, *packages.ORACLES)
    if kernel.built() is None or set(wanted) - packages.installed(wanted).keys():
        pytest.skip("what a guest needs is not there yet: ipsec-lab exec -- true")
    if not probe.missing():
        pytest.skip("this kernel has all that the lab needs: it starts no guest")


EXEC = [sys.executable, "-m", "ipsec_lab.guest.cli", "--memory", "512M"]


def _exec(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EXEC, "--", *argv], capture_output=True, text=True, cwd=cwd)


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
def test_a_command_in_a_guest_is_as_one_here(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("from the host")
    script = "cat given; echo no >&2; echo yes >build/made; rm given; exit 5"
    done = _exec("sh", "-c", script, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (5, "from the host")
    assert done.stderr.endswith("no\n")
    assert "this machine's has no ESP" in done.stderr
    assert (tmp_path / "build/made").read_text() == "yes\n"
    assert (tmp_path / "given").exists()  # what is not writable changed in the guest alone


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
def test_the_guests_kernel_has_all_and_its_network_is_its_own(tmp_path: Path) -> None:
    before = Path("/proc/net/dev").read_text().count("\n")
    program = "from ipsec_lab.guest import probe; print(probe.missing(), probe.inside_guest())"
    done = _exec(sys.executable, "-c", program, cwd=tmp_path)
    assert done.stdout == "[] True\n"
    assert Path("/proc/net/dev").read_text().count("\n") == before
    assert not probe.inside_guest()


class Running:
    """A guest with a shell in it that has said ``started``, and all processes of it."""

    def __init__(self, cwd: Path, script: str) -> None:
        self.caller = subprocess.Popen(
            [*EXEC, "--", "sh", "-c", f"echo started; {script}"],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.caller.stdout is not None
        assert self.caller.stdout.readline() == "started\n"
        self._handles = []
        for pid in _descendants(self.caller.pid):
            with suppress(ProcessLookupError):
                self._handles.append(os.pidfd_open(pid))
        assert len(self._handles) > 2  # launcher, kernel, at least one process of the guest

    def ended(self) -> int:
        """Waits until every process has ended; returns the caller's status."""
        for handle in self._handles:
            assert select.select([handle], [], [], 30)[0]
            os.close(handle)
        self.caller.communicate()
        return self.caller.returncode


def _descendants(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(
        FileNotFoundError, ProcessLookupError
    ):  # a process of the guest that ends just now
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return children + [pid for child in children for pid in _descendants(child)]


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_ends_by_the_signal_and_takes_the_guest_along(
    tmp_path: Path, number: signal.Signals
) -> None:
    running = Running(tmp_path, "exec sleep 1000")
    running.caller.send_signal(number)
    assert running.ended() == 128 + number


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
def test_of_a_guest_whose_caller_was_killed_nothing_is_left(tmp_path: Path) -> None:
    running = Running(tmp_path, "exec sleep 1000")
    running.caller.kill()
    assert running.ended() == -signal.SIGKILL


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
def test_two_guests_run_at_once_and_the_attachable_one_is_found_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "_REGISTER", tmp_path / "register" / "guest")
    folder = tmp_path / "build"
    assert attach() is None
    with (
        ensure_machine(Progress(), [folder], "512M", attachable=True) as first,
        ensure_machine(Progress(), [folder], "512M") as second,
    ):
        mark = ["sh", "-c", "echo $0 >/tmp/mark"]
        assert first.run([*mark, "first"], cwd=tmp_path, env=os.environ) == 0
        assert second.run([*mark, "second"], cwd=tmp_path, env=os.environ) == 0
        found = attach()
        assert found is not None
        assert found.run(["cat", "/tmp/mark"], cwd=tmp_path, env=os.environ) == 0
        assert capfd.readouterr().out == "first\n"
        found.close()  # it is not this one's to end
        assert attach() is not None
        with pytest.raises(LabError, match="running already"):
            ensure_machine(Progress(), [folder], "512M", attachable=True)
    assert attach() is None
    assert list((tmp_path / "register").iterdir()) == []


@pytest.mark.lab
@pytest.mark.usefixtures("esp_missing")
def test_a_guest_that_dies_under_a_command_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        ensure_machine(Progress(), [tmp_path / "build"], "512M") as guest,
        pytest.raises(LabError, match="guest ended while a command ran"),
    ):
        guest.run(["sh", "-c", "poweroff -f -f; sleep 100"], cwd=tmp_path, env=os.environ)
