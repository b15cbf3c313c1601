"""A pid and a mount namespace around the whole lab: whatever the lab starts ends with it, however it ends.

Three processes: the one outside waits, the first one inside adopts orphans, the second one inside is the lab.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

from ipsec_lab import syscalls
from ipsec_lab.errors import LabError

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def enclosed(work: Callable[[], int]) -> int:
    """Do ``work`` in the enclosure; returns its exit status. SIGINT, SIGTERM and SIGHUP are passed on to it.

    Raises LabError without the right to make namespaces.
    """
    try:
        syscalls.unshare(syscalls.CLONE_NEWPID)
    except OSError as error:
        raise LabError(f"cannot make namespaces: {error.strerror}", cure="Run as root") from error
    _flush()
    init = os.fork()
    if init == 0:
        os._exit(_adopt_orphans(work))
    return _wait_for(init, init)


def _adopt_orphans(work: Callable[[], int]) -> int:
    """What the first process of a pid namespace is for: when it ends, the kernel ends all others."""
    syscalls.die_with_parent(signal.SIGKILL)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.keep_mounts_to_ourselves()
    syscalls.mount(
        "proc", "/proc", flags=syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    )
    lab = os.fork()
    if lab == 0:
        os._exit(_guarded(work))
    return _wait_for(lab, -1)


def _guarded(work: Callable[[], int]) -> int:
    """A forked process must not unwind into its parent's code, whatever is raised."""
    try:
        return work()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        return 1
    finally:
        _flush()


def _wait_for(child: int, whom: int) -> int:
    """The child's exit status, as a shell gives it. ``whom`` -1: reap the orphans that come and go meanwhile."""
    for number in _PASSED_ON:
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    while True:
        pid, status = os.waitpid(whom, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
