"""Results of commands as JSON and back, for a conductor that lays out what its nodes answered.

Conductor and node may be one release apart: what one of them does not know is passed over, what it
does not say keeps its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ipsec_client.base.errors import InputFault

T = TypeVar("T")
Json = Any

MOST_SECONDS = 253_402_300_800
"""The year 10000 in seconds since 1970, where Python's calendar ends."""


def encode(value: Any) -> Json:
    """A frozen dataclass of scalars, tuples and further dataclasses as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], data: Json) -> T:
    """The value that ``encode`` gave; raises InputFault where the data does not fit the type."""
    found: T = _decode(kind, data, kind.__name__)
    return found


def _decode(kind: Any, data: Json, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        inner = [part for part in get_args(kind) if part is not type(None)]
        return None if data is None else _decode(inner[0], data, where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, where)
    if is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return _decode_seconds(data, where)
    if isinstance(data, kind) and isinstance(data, bool) == (kind is bool):
        return data
    raise InputFault(f"{where} is not of type {getattr(kind, '__name__', kind)}")


def _decode_seconds(data: float, where: str) -> float:
    """Every number that is not whole is a time or an age: one that Python's calendar has."""
    if not abs(data) < MOST_SECONDS:
        raise InputFault(f"{where} is no time")
    return float(data)


def _decode_tuple(parts: tuple[Any, ...], data: Json, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise InputFault(f"{where} is not a list")
    if parts[-1] is Ellipsis:
        return tuple(_decode(parts[0], item, where) for item in data)
    if len(parts) != len(data):
        raise InputFault(f"{where} has {len(data)} parts, not {len(parts)}")
    return tuple(_decode(part, item, where) for part, item in zip(parts, data, strict=True))


def _decode_dataclass(kind: Any, data: Json, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise InputFault(f"{where} is not an object")
    values: dict[str, Any] = {}
    for name, (part, required) in _parts(kind).items():
        if name in data:
            values[name] = _decode(part, data[name], f"{where}.{name}")
        elif required:
            raise InputFault(f"{where} lacks {name}")
    return kind(**values)


@lru_cache(maxsize=64)
def _parts(kind: Any) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        item.name: (
            hints[item.name],
            item.default is MISSING and item.default_factory is MISSING,
        )
        for item in fields(kind)
    }
