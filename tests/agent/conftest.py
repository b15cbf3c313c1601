"""Fixtures of this room."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here cuts the power, and each writes a dozen durable files."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
