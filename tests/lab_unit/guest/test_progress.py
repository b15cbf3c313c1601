"""What a long step shows: on a terminal, elsewhere, and when it fails."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from ipsec_lab import progress
from ipsec_lab.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_a_step_is_a_line_at_its_start_and_one_at_its_end() -> None:
    out = io.StringIO()
    with Progress(out).step("kernel: building") as step:
        step.update(0.5)
    assert re.fullmatch(r"kernel: building\nkernel: building: done \(0\.\d s\)\n", out.getvalue())


def test_a_long_step_tells_how_far_it_is_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PLAIN_EVERY", 0.001)
    shown = io.StringIO()
    with Progress(shown).step("kernel: building") as step:
        step.update(0.41)
        while "building: 41% (" not in shown.getvalue():
            pass
        step.update("linking")
        while "building: linking (" not in shown.getvalue():
            pass


def test_on_a_terminal_the_line_writes_over_itself() -> None:
    out = Terminal()
    with Progress(out).step("guest: starting"):
        pass
    assert out.getvalue().startswith("\rguest: starting\x1b[K\rguest: starting: done (")
    assert out.getvalue().count("\n") == 1


def test_a_failing_step_shows_the_end_of_its_log_and_where_it_lies(tmp_path: Path) -> None:
    log = tmp_path / "kernel.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    out = io.StringIO()
    with pytest.raises(OSError, match="no space"), Progress(out).step("building", log=log):
        raise OSError("no space")
    assert "building: failed (" in out.getvalue()
    assert "    line 99\n" in out.getvalue()
    assert "line 84\n" not in out.getvalue()
    assert str(log) in out.getvalue()


def test_an_interrupted_step_says_so_and_shows_no_log(tmp_path: Path) -> None:
    log = tmp_path / "kernel.log"
    log.write_text("CC init/main.o\n")
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Progress(out).step("building", log=log):
        raise KeyboardInterrupt
    assert "building: interrupted (" in out.getvalue()
    assert "init/main.o" not in out.getvalue()
