"""Commands through the guest's server and the caller, both on this machine: only the kernel is another."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVER = """
import socket, sys
from ipsec_lab.guest.server import Server
Server(socket.socket(fileno=int(sys.argv[1]))).run()
"""

CALLER = """
import os, socket, sys
from pathlib import Path
from ipsec_lab.guest import caller
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    holder = os.pidfd_open(os.getppid())
    sys.exit(caller.call(connection, sys.argv[2:], holder=holder, cwd=Path.cwd(), env=os.environ))
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a server listens that lives as long as this module's tests."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(listener.fileno())], pass_fds=[listener.fileno()]
        )
        yield int(listener.getsockname()[1])
        server.kill()
        server.wait()


@dataclass
class Result:
    status: int
    out: bytes
    err: bytes


def call(port: int, *argv: str, given: bytes = b"", cwd: str | None = None) -> Result:
    """Calls in a process of its own, as a person would."""
    done = subprocess.run(
        [sys.executable, "-c", CALLER, str(port), *argv], input=given, capture_output=True, cwd=cwd
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_output_errors_and_status_come_back_apart(port: int) -> None:
    result = call(port, "sh", "-c", "echo out; echo err >&2; exit 3")
    assert result == Result(3, b"out\n", b"err\n")


def test_input_of_any_size_goes_through_and_ends(port: int) -> None:
    given = os.urandom(3_000_000)
    assert call(port, "cat", given=given) == Result(0, given, b"")


def test_input_that_is_not_read_does_not_stop_the_command(port: int) -> None:
    assert call(port, "sh", "-c", "exec <&-; echo done", given=bytes(1_000_000)).out == b"done\n"


def test_the_command_gets_folder_and_environment(port: int, tmp_path: Path) -> None:
    assert call(port, "pwd", cwd=str(tmp_path)).out == f"{tmp_path}\n".encode()
    assert call(port, "sh", "-c", "echo $HOME").out == f"{os.environ['HOME']}\n".encode()


@pytest.mark.parametrize(
    ("argv", "status", "reason"),
    [
        (["no-such-program"], 127, b"no-such-program: No such file"),
        (["/etc/passwd"], 126, b"/etc/passwd: Permission denied"),
    ],
)
def test_what_cannot_be_started_is_refused_as_a_shell_would(
    port: int, argv: list[str], status: int, reason: bytes
) -> None:
    result = call(port, *argv)
    assert (result.status, result.out) == (status, b"")
    assert reason in result.err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_ended_by_a_signal_says_so(port: int, number: signal.Signals) -> None:
    assert call(port, "sh", "-c", f"kill -{number} $$").status == 128 + number


def test_a_command_left_in_the_background_does_not_hold_its_caller(port: int) -> None:
    assert call(port, "sh", "-c", "yes & exit 4").status == 4


@contextmanager
def _begun(port: int, script: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell through the server; the body begins when it says that it has started."""
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, str(port), "sh", "-c", script],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command(port: int, number: signal.Signals) -> None:
    with _begun(
        port, f"trap 'echo caught; exit 7' {number}; echo started; while :; do sleep 0.01; done"
    ) as caught:
        caught.send_signal(number)
        assert caught.communicate()[0] == b"caught\n"
        assert caught.returncode == 7
    with _begun(port, "echo started; exec sleep 100") as plain:
        plain.send_signal(number)
        assert plain.wait() == 128 + number


def test_output_that_nobody_reads_any_more_ends_the_command(port: int) -> None:
    with _begun(port, "echo started; exec yes") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 128 + signal.SIGPIPE


def test_a_command_whose_caller_is_gone_is_ended(port: int, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with _begun(port, f"echo started; exec sleep 100 >{fifo}") as process, fifo.open("rb") as held:
        process.kill()
        assert held.read() == b""  # the sleep has ended


def test_several_commands_run_at_once(port: int, tmp_path: Path) -> None:
    """Each waits for the next one: they end only if all run together."""
    fifos = [tmp_path / str(number) for number in range(4)]
    for fifo in fifos:
        os.mkfifo(fifo)
    with ThreadPoolExecutor(len(fifos)) as threads:
        results = [
            threads.submit(call, port, "sh", "-c", f"echo {number} >{fifo} & cat {other}")
            for number, (fifo, other) in enumerate(zip(fifos, fifos[1:] + fifos[:1], strict=True))
        ]
    assert [result.result().out for result in results] == [b"1\n", b"2\n", b"3\n", b"0\n"]


class OnTerminal:
    """A caller on a terminal of 30 rows and 100 columns, and what a person sees there."""

    def __init__(self, port: int, *argv: str, stdout: int | None = None) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            termios.tcsetwinsize(0, (30, 100))
            if stdout is not None:
                os.dup2(stdout, 1)
            os.execv(sys.executable, [sys.executable, "-c", CALLER, str(port), *argv])

    def until(self, text: bytes) -> bytes:
        """Reads until the text is there."""
        seen = b""
        while text not in seen:
            seen += os.read(self.terminal, 65536)
        return seen

    def end(self) -> int:
        """The rest is read; returns the exit status."""
        with suppress(OSError):
            while os.read(self.terminal, 65536):
                pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_the_command_has_one_of_the_same_size(port: int) -> None:
    shown = OnTerminal(port, "sh", "-c", "stty size; test -t 0 -a -t 1 -a -t 2; exit $?")
    assert b"30 100\r\n" in shown.until(b"\n")
    assert shown.end() == 0


def test_a_change_of_the_size_is_passed_on(port: int) -> None:
    shown = OnTerminal(
        port, "sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
    )
    shown.until(b"ready")
    termios.tcsetwinsize(shown.terminal, (50, 20))
    shown.until(b"50 20\r\n")
    assert shown.end() == 0


def test_keys_are_the_commands_and_control_c_interrupts_it(port: int) -> None:
    shown = OnTerminal(port, "sh", "-c", "read word; echo got $word; exec sleep 100")
    os.write(shown.terminal, b"hello\r")
    shown.until(b"got hello\r\n")
    os.write(shown.terminal, b"\x03")
    assert shown.end() == 128 + signal.SIGINT


def test_the_terminal_is_as_before_when_the_command_has_ended(port: int) -> None:
    shown = OnTerminal(port, "sh", "-c", "echo ready; read line")
    shown.until(b"ready")
    while termios.tcgetattr(shown.terminal)[3] & termios.ICANON:
        pass  # until every key is passed on
    os.write(shown.terminal, b"\r")
    with suppress(OSError):
        while os.read(shown.terminal, 100):
            pass
    assert termios.tcgetattr(shown.terminal)[3] & termios.ICANON
    assert shown.end() == 0


def test_only_output_that_is_a_terminal_here_is_one_there(port: int) -> None:
    reader, writer = os.pipe()
    shown = OnTerminal(
        port, "sh", "-c", "test -t 1 || echo out; test -t 2 && echo err >&2", stdout=writer
    )
    os.close(writer)
    assert shown.until(b"\n") == b"err\r\n"
    assert shown.end() == 0
    assert os.read(reader, 100) == b"out\n"
    os.close(reader)
