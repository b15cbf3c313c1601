"""When the guest's kernel is built anew, and what is done to its source; nothing is compiled here."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ipsec_lab import packages
from ipsec_lab.errors import LabError
from ipsec_lab.guest import kernel
from ipsec_lab.progress import Progress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPSEC_CLIENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packages, "ensure", lambda *_: None)
    return tmp_path / "cache"


def _source(version: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {} if version is None else {"linux-source-6.1": version}
    monkeypatch.setattr(packages, "installed", lambda *_: found)


def _build_is_a_file(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    built: list[str] = []

    def build(folder: Path, version: str, progress: Progress) -> None:
        built.append(version)
        (folder / "linux").write_text(version)

    monkeypatch.setattr(kernel, "_build", build)
    return built


def test_a_kernel_is_built_once_for_each_version_of_the_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = _build_is_a_file(monkeypatch)
    progress = Progress(io.StringIO())
    for version in ("6.1.176-1", "6.1.176-1", "6.1.192-2"):
        _source(version, monkeypatch)
        assert kernel.ensure(progress).read_text() == version
    assert built == ["6.1.176-1", "6.1.192-2"]


def test_another_configuration_is_another_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = _build_is_a_file(monkeypatch)
    _source("6.1.176-1", monkeypatch)
    first = kernel.ensure(Progress(io.StringIO()))
    other = tmp_path / "other.config"
    other.write_text("CONFIG_UML=y\n")
    monkeypatch.setattr(kernel, "_CONFIG", other)
    assert kernel.ensure(Progress(io.StringIO())) != first
    assert len(built) == 2


def test_a_cached_kernel_serves_where_the_source_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = _build_is_a_file(monkeypatch)
    _source("6.1.176-1", monkeypatch)
    made = kernel.ensure(Progress(io.StringIO()))
    _source(None, monkeypatch)
    assert kernel.ensure(Progress(io.StringIO())) == made
    assert len(built) == 1


def test_an_option_that_make_drops_is_an_error() -> None:
    kernel._refuse_dropped("CONFIG_A=y\n# comment\n", "CONFIG_A=y\n# CONFIG_B is not set\n")
    with pytest.raises(LabError, match="does not take CONFIG_B=y"):
        kernel._refuse_dropped("CONFIG_A=y\nCONFIG_B=y\n", "CONFIG_A=y\n# CONFIG_B is not set\n")


def test_the_fault_handler_is_changed_only_where_it_is_the_known_one(tmp_path: Path) -> None:
    handler = tmp_path / "trap.c"
    handler.write_text("#endif\n\tflush_tlb_page(vma, address);\nout:\n\tmmap_read_unlock(mm);\n")
    kernel._quicken(handler)
    assert "#endif\n\tflush_tlb_range(vma, max(" in handler.read_text()
    assert handler.read_text().endswith("out:\n\tmmap_read_unlock(mm);\n")
    for unknown in ("another version\n", 2 * kernel._ONE_PAGE):
        handler.write_text(unknown)
        kernel._quicken(handler)
        assert handler.read_text() == unknown


def test_how_far_the_build_is_is_counted_in_objects() -> None:
    told: list[float] = []
    line = kernel._counter(told.append)
    for text in (
        "  SYNC    include/config\n",
        "  CC      init/main.o\n",
        "  CC      init/version.o\n",
    ):
        line(text)
    assert told == [1 / kernel._OBJECTS, 2 / kernel._OBJECTS]
