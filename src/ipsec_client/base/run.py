"""The one place where a program is started. Argument lists only; a deadline always; output always drained."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from ipsec_client.base import files
from ipsec_client.base.errors import HostFault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: ``status`` is its exit status (negative: the signal that ended it)."""

    status: int
    out: str
    err: str


def run(
    argv: Sequence[str],
    *,
    given: str | None = None,
    deadline: float = 10.0,
    inside: Callable[[], None] | None = None,
) -> Done:
    """Runs a program to its end within ``deadline`` seconds and returns what it printed.

    ``given`` is its standard input. ``inside`` is called in a thread of its own just before the start
    (to enter a network namespace, say): the program inherits what that thread has become.
    Raises HostFault if the program is missing or does not end in time (it is killed then).
    """

    def start() -> Done:
        try:
            done = subprocess.run(
                list(argv),
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=deadline,
                env=environment(),
            )
        except FileNotFoundError:
            raise HostFault(f"{argv[0]} is not installed", cure="Run ipsec-client doctor") from None
        except subprocess.TimeoutExpired:
            raise HostFault(f"{argv[0]} did not end within {deadline:g} s") from None
        except OSError as error:
            raise _unstarted(argv[0], error) from error
        return Done(done.returncode, done.stdout, done.stderr)

    return start() if inside is None else in_thread(inside, start)


def spawn(
    argv: Sequence[str],
    *,
    inside: Callable[[], None] | None = None,
    out: Path | IO[bytes] | None = None,
    extra: Mapping[str, str] | None = None,
    new_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Starts a program that goes on; ``out`` takes its output and errors (default: ours)."""

    def start() -> subprocess.Popen[bytes]:
        file = os.fdopen(files.to_append(out), "ab") if isinstance(out, Path) else out
        try:
            return subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=None if file is None else subprocess.STDOUT,
                env=environment() | dict(extra or {}),
                start_new_session=new_session,
            )
        except FileNotFoundError:
            raise HostFault(f"{argv[0]} is not installed", cure="Run ipsec-client doctor") from None
        except OSError as error:
            raise _unstarted(argv[0], error) from error
        finally:
            if isinstance(out, Path) and file is not None:
                file.close()

    return start() if inside is None else in_thread(inside, start)


def _unstarted(program: str, error: OSError) -> HostFault:
    return HostFault(f"{program} cannot be started: {error.strerror}")


def environment() -> dict[str, str]:
    """Ours, in the C locale (what programs print is parsed) and with the folders root's programs live in."""
    path = os.environ.get("PATH", "")
    return os.environ | {"LC_ALL": "C.UTF-8", "PATH": f"{path}:/usr/sbin:/usr/bin:/sbin:/bin"}


def in_thread(before: Callable[[], None], work: Callable[[], T]) -> T:
    """``work`` in a thread of its own after ``before``, so that what ``before`` changes ends with it."""
    results: list[T] = []
    failures: list[BaseException] = []

    def body() -> None:
        try:
            before()
            results.append(work())
        except BaseException as error:  # noqa: BLE001 — carried over to the caller's thread
            failures.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
