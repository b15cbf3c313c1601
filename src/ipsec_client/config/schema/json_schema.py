"""The JSON Schema (draft 2020-12) of the JSON form: each value by itself, and which fields an element has.

What holds between fields it cannot say; the YANG module has more. Beside the standard's words, ``x-key`` names
the fields that tell the entries of a list apart, ``x-unit`` the unit of a number alone, ``x-since`` the release.
"""

from __future__ import annotations

from typing import Any

from ipsec_client.config.schema.constraints import LIMITS, PATTERNS
from ipsec_client.config.schema.form import MODULE
from ipsec_client.config.schema.kinds import (
    DESCRIPTIONS,
    HOST_NAME,
    IPV4,
    IPV6,
    NUMERIC,
    PREFIXES,
    UNPRINTABLE_RANGES,
    is_number,
    portable,
    told,
    used,
)
from ipsec_client.config.schema.yang import sentence
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Config
from ipsec_client.model.values import AnyType

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema of what ``form.to_json`` gives."""
    made = _element(Config)
    made["properties"] = {f"{MODULE}:{name}": it for name, it in made["properties"].items()}
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{MODULE}:config:json-schema",
        "title": f"The configuration of {MODULE}",
    }
    return about | made | {"$defs": {name: _named(kind) for name, kind in used(Config).items()}}


def _named(kind: AnyType) -> Schema:
    """The definition of a type that has a name."""
    if kind.name == "boolean":
        return {"description": DESCRIPTIONS[kind.name], "type": "boolean"}
    made: Schema = {"description": f"{DESCRIPTIONS[kind.name]}.", "type": "string"}
    address = [{"format": "ipv4", **_whole(IPV4)}, {"format": "ipv6", **_whole(IPV6)}]
    match kind.name:
        case "ip-address":
            return made | {"anyOf": address}
        case "ip-prefix":
            return made | {"anyOf": [_whole(prefix) for prefix in PREFIXES]}
        case "host":
            name = {"maxLength": kind.longest} | _whole(HOST_NAME) | {"not": _whole(NUMERIC)}
            return made | {"anyOf": [*address, name]}
        case "string":
            return made | _whole(f"( |[^{UNPRINTABLE_RANGES}])*")
        case "password":
            return made | _whole(f'( |[^{UNPRINTABLE_RANGES}"])+')
    longest = {"maxLength": kind.longest} if kind.longest else {}
    return made | longest | _whole(portable(kind.pattern))


def _whole(pattern: str) -> Schema:
    """That a text matches the pattern from end to end."""
    return {"pattern": f"^({pattern})$"}


def _element(element: type[Element]) -> Schema:
    known = definition(element)
    made: Schema = {"type": "object", "description": sentence(element)}
    made["properties"] = {
        member.name: _nested(member, element)
        if isinstance(member, Nested)
        else _field(member, element)
        for member in known.members
    }
    required = [leaf.name for leaf in known.leaves if leaf.required]
    return made | ({"required": required} if required else {}) | {"additionalProperties": False}


def _nested(nested: Nested, element: type[Element]) -> Schema:
    below = _element(nested.element)
    if not nested.many:
        return below
    made: Schema = {"type": "array", "items": below}
    most = LIMITS.get((element, nested.name))
    if most is not None:
        made["maxItems"] = most
    return made | {"x-key": [leaf.name for leaf in definition(nested.element).keys]}


def _field(leaf: Leaf, element: type[Element]) -> Schema:
    made: Schema = {"description": told(leaf)}
    if leaf.default is not None:
        default = leaf.default
        made["default"] = default if isinstance(default, bool | int) else leaf.type.write(default)
    if leaf.type.secret:
        made["writeOnly"] = True
    if leaf.unit:
        made["x-unit"] = leaf.unit
    if leaf.since:
        made["x-since"] = leaf.since
    value = _value(leaf.type)
    if leaf.many:
        return made | {"type": "array", "items": value, "uniqueItems": True}
    further = [
        _whole(p.pattern) if p.match else {"not": _whole(p.pattern)}
        for p in PATTERNS.get((element, leaf.name), ())
    ]
    return made | value | ({"allOf": further} if further else {})


def _value(kind: AnyType) -> Schema:
    """One value of a type; a type with a name is defined once, in ``$defs``."""
    if kind.name in DESCRIPTIONS:
        return {"$ref": f"#/$defs/{kind.name}"}
    if not is_number(kind):
        return {"enum": list(kind.choices)}
    number: Schema = {"type": "integer", "minimum": kind.least, "maximum": kind.most}
    return {"anyOf": [number, {"enum": list(kind.choices)}]} if kind.choices else number
