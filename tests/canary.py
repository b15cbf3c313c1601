"""Watches that no key shows, in any test: each key that a test makes is a canary, and it sings where it shouldn't.

Looked through are log records, errors, findings, what is printed here or by programs a test runs, and the
files below a test's ``tmp_path``. A key may stand in a file that its owner alone can read, and in a
configuration that the test itself wrote: a file ``*.conf``. A test that asks for keys on purpose is marked
``shows_keys``.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import stat
import subprocess
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base.errors import Fault
from ipsec_client.base.secret import Secret
from ipsec_client.config.findings import Finding

_CANARY = re.compile(r"[A-Za-z0-9_-]{8,200}")
"""Keys that cannot stand anywhere by chance; those that hypothesis makes rarely look so."""


class Watch:
    """The canaries of one test, and where they were heard."""

    def __init__(self) -> None:
        self.canaries: set[str] = set()
        self.heard: list[str] = []

    def add(self, key: str | None) -> None:
        """A key was made."""
        if key is not None and _CANARY.fullmatch(key):
            self.canaries.add(key)

    def listen(self, where: str, text: object) -> None:
        """Something is told."""
        told = text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")
        self.heard += [f"{key} in {where}" for key in self.canaries if key in told]

    def listen_in(self, folder: Path) -> None:
        """Looks through the files of a folder."""
        found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
        for path in found:
            with suppress(FileNotFoundError):  # replaced meanwhile, by what a test did not wait for
                mode = path.lstat().st_mode
                private = not mode & (stat.S_IRWXG | stat.S_IRWXO)
                if stat.S_ISREG(mode) and not private and path.suffix != ".conf":
                    self.listen(str(path), path.read_bytes())

    def take(self) -> list[str]:
        """Where they were heard; begins anew."""
        heard = sorted(set(self.heard))
        self.canaries.clear()
        self.heard.clear()
        return heard


watch = Watch()
_readouterr = pytest.CaptureFixture.readouterr


def pytest_configure(config: pytest.Config) -> None:
    """Puts the watch in place, for as long as this process runs."""
    config.addinivalue_line("markers", "shows_keys: asks for keys, and gets them")
    _after(Secret, "__init__", lambda made, *_: watch.add(made._text))
    _after(Fault, "__init__", lambda fault, *_: watch.listen("an error", fault))
    _after(Finding, "__init__", lambda finding, *_: watch.listen("a finding", finding))
    _after(subprocess.CompletedProcess, "__init__", _listen_to_program)
    setattr(pytest.CaptureFixture, "readouterr", _listen_to_fixture)  # noqa: B010 — it is generic
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        watch.listen("a log record", made.getMessage())
        watch.listen("a logged exception", made.exc_info and made.exc_info[1])
        return made

    logging.setLogRecordFactory(record)


def _after(owner: type, name: str, then: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def both(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        then(*args)

    setattr(owner, name, both)


def _listen_to_fixture(capture: pytest.CaptureFixture[Any]) -> Any:
    printed = _readouterr(capture)
    watch.listen("what was printed", printed.out)
    watch.listen("what was printed as error", printed.err)
    return printed


def _listen_to_program(done: subprocess.CompletedProcess[Any], *_: object) -> None:
    watch.listen("a program's output", done.stdout)
    watch.listen("a program's errors", done.stderr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test in which a key showed has failed."""
    report = yield
    for name, text in report.sections:
        watch.listen(name, text)
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.when == "call" and isinstance(folder, Path):
        watch.listen_in(folder)
    if report.when == "setup":
        return report
    heard = watch.take()
    if heard and report.passed and not item.get_closest_marker("shows_keys"):
        report.outcome = "failed"
        report.longrepr = "a key shows:\n" + "\n".join(heard)
    return report
