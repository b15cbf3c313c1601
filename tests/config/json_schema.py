"""As much of JSON Schema (draft 2020-12) as our schema uses; a word that is not known here fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any

_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
_FORMATS = {"ipv4": IPv4Address, "ipv6": IPv6Address}
_NOTES = {"$schema", "$id", "$defs", "title", "description", "default", "writeOnly", "required"}


def admits(root: Mapping[str, Any], value: Any) -> bool:
    """Whether the schema admits the value."""

    def good(schema: Mapping[str, Any], it: Any) -> bool:
        return all(
            _RULES[word](told, it, schema, good) if word in _RULES else _aside(word)
            for word, told in schema.items()
        )

    def follow(told: str, it: Any, _: Any, good: Callable[..., bool]) -> bool:
        return good(root["$defs"][told.removeprefix("#/$defs/")], it)

    _RULES["$ref"] = follow
    return good(root, value)


def _aside(word: str) -> bool:
    assert word in _NOTES or word.startswith("x-"), word
    return True


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _is(kind: str, it: Any) -> bool:
    return isinstance(it, _TYPES[kind]) and (kind != "integer" or not isinstance(it, bool))


def _formatted(form: str, it: Any) -> bool:
    try:
        _FORMATS[form](it)
    except ValueError:
        return False
    return True


def _properties(told: Any, it: Any, schema: Any, good: Callable[..., bool]) -> bool:
    return (
        it.keys() <= told.keys()
        and set(schema.get("required", ())) <= it.keys()
        and all(good(told[name], value) for name, value in it.items())
    )


def _number(it: Any) -> bool:
    return _is("integer", it)


_RULES: dict[str, Callable[..., bool]] = {
    "type": lambda told, it, *_: _is(told, it),
    "enum": lambda told, it, *_: it in told,
    "pattern": lambda told, it, *_: not isinstance(it, str) or bool(_pattern(told).search(it)),
    "format": lambda told, it, *_: not isinstance(it, str) or _formatted(told, it),
    "maxLength": lambda told, it, *_: not isinstance(it, str) or len(it) <= told,
    "minimum": lambda told, it, *_: not _number(it) or it >= told,
    "maximum": lambda told, it, *_: not _number(it) or it <= told,
    "maxItems": lambda told, it, *_: len(it) <= told,
    "uniqueItems": lambda _, it, *__: len(set(it)) == len(it),
    "items": lambda told, it, _, good: all(good(told, item) for item in it),
    "properties": _properties,
    "additionalProperties": lambda told, *_: told is False,
    "anyOf": lambda told, it, _, good: any(good(schema, it) for schema in told),
    "allOf": lambda told, it, _, good: all(good(schema, it) for schema in told),
    "not": lambda told, it, _, good: not good(told, it),
}
