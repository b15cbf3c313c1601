"""The guest's kernel: user-mode Linux, built once from Debian's source package, then taken from the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ipsec_lab import cache, packages, tools
from ipsec_lab.errors import LabError
from ipsec_lab.progress import Progress

_CONFIG = Path(__file__).with_name("lab-kernel.config")
_SOURCE_PACKAGE = "linux-source-6.1"
_SOURCE = Path(f"/usr/src/{_SOURCE_PACKAGE}.tar.xz")
# After a page fault user-mode Linux shows the process the one page it asked for, though the kernel has mapped the
# sixteen around it: each of them costs a fault of its own, of some 100 µs. Shown together, a program starts in
# about half the time (measured: `ip link` 45 -> 25 ms, `python -c pass` 160 -> 100 ms).
_FAULT_HANDLER = "arch/um/kernel/trap.c"
_ONE_PAGE = "\tflush_tlb_page(vma, address);\nout:"
_SIXTEEN_PAGES = """\
\tflush_tlb_range(vma, max(address & ~0xffffUL, vma->vm_start),
\t\t\tmin((address | 0xffffUL) + 1, vma->vm_end));
out:"""
# counted in a build of 6.1.176 with the configuration beside this file
_OBJECTS = 1090
# never read for ARCH=um; half of the files, and most of the time that unpacking takes
_NOT_UNPACKED = (
    "*/Documentation/*.rst",
    "*/Documentation/*.yaml",
    "*/Documentation/*.txt",
    "*/arch/arm*/*.dts*",
    "*/drivers/gpu/*.[ch]",
    "*/drivers/media/*.[ch]",
    "*/drivers/net/ethernet/*.[ch]",
    "*/drivers/net/wireless/*.[ch]",
    "*/drivers/staging/*.[ch]",
    "*/sound/*.[ch]",
    "*/tools/testing/*.[chS]",
)


def ensure(progress: Progress, run: tools.Runner = tools.run) -> Path:
    """The kernel as a program; built now if this source and configuration were not built before."""
    if found := built(run):
        return found
    packages.ensure(packages.KERNEL, progress, run)
    version = packages.installed([_SOURCE_PACKAGE], run)[_SOURCE_PACKAGE]

    def build(folder: Path) -> None:
        _build(folder, version, progress)

    return cache.obtain(_name(version), build, progress.note) / "linux"


def built(run: tools.Runner = tools.run) -> Path | None:
    """The kernel if it lies in the cache; where its source is not installed, one of any version serves."""
    version = packages.installed([_SOURCE_PACKAGE], run).get(_SOURCE_PACKAGE, "*")
    found = sorted(cache.root().glob(f"{_name(version)}/linux"))
    return found[-1] if found else None


def _name(version: str) -> str:
    ours = hashlib.sha256((_CONFIG.read_text() + _SIXTEEN_PAGES).encode()).hexdigest()[:12]
    return f"kernel-{version}-{ours}"


def _build(folder: Path, version: str, progress: Progress) -> None:
    log = cache.logs("kernel")
    log.unlink(missing_ok=True)
    tree = folder / "tree"
    tree.mkdir()
    title = f"guest kernel: building Linux {version.partition('-')[0]} (once, about 5 minutes)"
    with progress.step(title, log=log) as step:
        step.update("unpacking")
        excluded = [f"--exclude={pattern}" for pattern in _NOT_UNPACKED]
        _must(["tar", "-xf", str(_SOURCE), "-C", str(tree), "--strip-components=1", *excluded], log)
        _quicken(tree / _FAULT_HANDLER)
        make = ["make", "-C", str(tree), "ARCH=um"]
        _must([*make, "allnoconfig", f"KCONFIG_ALLCONFIG={_CONFIG}"], log)
        _refuse_dropped(_CONFIG.read_text(), (tree / ".config").read_text())
        _must([*make, f"-j{os.cpu_count() or 1}", "linux"], log, each_line=_counter(step.update))
        _must(["strip", "-o", str(folder / "linux"), str(tree / "linux")], log)
        shutil.rmtree(tree)


def _must(
    argv: list[str], log: Path, *, each_line: Callable[[str], None] = lambda line: None
) -> None:
    if status := tools.run_logged(argv, log, each_line=each_line):
        raise LabError(
            f"the guest's kernel could not be built: {argv[0]} ended with {status}",
            cure=f"Read {log}; if it is for want of space, free about 1.5 GB in {cache.root()}",
        )


def _quicken(fault_handler: Path) -> None:
    source = fault_handler.read_text()
    if source.count(_ONE_PAGE) == 1:  # another version of the source may do: it is only slower
        fault_handler.write_text(source.replace(_ONE_PAGE, _SIXTEEN_PAGES))


def _counter(tell: Callable[[float], None]) -> Callable[[str], None]:
    """Turns make's lines into a fraction, by the objects that were compiled."""
    compiled = 0

    def line(text: str) -> None:
        nonlocal compiled
        if text.startswith("  CC "):
            compiled += 1
            tell(compiled / _OBJECTS)

    return line


def _refuse_dropped(wanted: str, got: str) -> None:
    """make drops what the source does not know or what depends on something that is off: say so."""
    lines = set(got.splitlines())
    asked = [line for line in wanted.splitlines() if line.startswith("CONFIG_")]
    if dropped := [line for line in asked if line not in lines]:
        raise LabError(
            f"the kernel's source does not take {', '.join(dropped)}",
            cure=f"Correct {_CONFIG}",
        )
