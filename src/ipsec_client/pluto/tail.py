"""Reading a log that another process writes: the lines that came since the last look."""

from __future__ import annotations

from pathlib import Path


class Tail:
    """What is written to a file from now on. It may not be there yet, be emptied, or be replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file, self._offset = self._measure()

    def read(self) -> list[str]:
        """The whole lines that were added; half a line waits for its other half."""
        file, size = self._measure()
        if file != self._file or size < self._offset:
            self._offset = 0
        self._file = file
        if size == self._offset:
            return []
        try:
            with self._path.open("rb") as log:
                log.seek(self._offset)
                data = log.read()
        except FileNotFoundError:  # it was taken away just now, to be replaced
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    def _measure(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return status.st_ino, status.st_size
