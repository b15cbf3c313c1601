"""Fixtures of this room."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from ipsec_client.kernel import namespaces

from .support import own_namespace

_numbers = itertools.count()


@pytest.fixture
def router() -> Iterator[None]:
    """The test runs in a namespace of its own, which is the router."""
    with own_namespace():
        yield


@pytest.fixture
def client(router: None) -> Iterator[str]:
    """The name of a client's namespace, which is not there yet and is gone afterwards."""
    name = f"c{os.getpid()}x{next(_numbers)}"[-12:]
    yield name
    namespaces.delete(name)
