"""Elements of the model to JSON values and back. Unset fields are absent; unknown ones are refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.values import SECRET

E = TypeVar("E", bound=Element)
Json = Any

ONE_BEFORE = frozenset(
    {
        "ike-encryption",
        "ike-digest",
        "ike-modp",
        "phase2-encryption",
        "phase2-digest",
        "phase2-modp",
    }
)
"""Fields that had one value in the release before: one value is still written as that release reads it."""


def encode(element: Element, *, secrets: bool = False, arrays: bool = False) -> dict[str, Json]:
    """The element as a JSON object: fields by their name, lists as arrays in their order.

    Keys come as ``(removed)`` unless ``secrets``; with ``arrays`` no field is as the release before reads it.
    """
    encoded: dict[str, Json] = {}
    for member in definition(type(element)).members:
        value = getattr(element, member.attribute)
        if value is None or value == ():
            continue
        if isinstance(member, Nested):
            encoded[member.name] = (
                [encode(item, secrets=secrets, arrays=arrays) for item in value]
                if member.many
                else encode(value, secrets=secrets, arrays=arrays)
            )
        else:
            write = _writer(member, secrets)
            if not arrays and member.name in ONE_BEFORE and len(value) == 1:
                encoded[member.name] = write(value[0])
            else:
                encoded[member.name] = (
                    [write(item) for item in value] if member.many else write(value)
                )
    return encoded


def without_keys(element: type[Element], encoded: Mapping[str, Json]) -> dict[str, Json]:
    """What ``encode`` wrote with secrets, word for word, as it writes it without; it must be one that decodes."""
    shown: dict[str, Json] = {}
    for name, value in encoded.items():
        member = definition(element).by_name[name]
        if isinstance(member, Nested):
            kind = member.element
            shown[name] = (
                [without_keys(kind, item) for item in value]
                if member.many
                else without_keys(kind, value)
            )
        else:
            shown[name] = REMOVED if member.type is SECRET else value
    return shown


def _writer(leaf: Leaf, secrets: bool) -> Callable[[Any], Json]:
    def write(value: Any) -> Json:
        if isinstance(value, bool | int):
            return value
        if isinstance(value, Secret):
            return value.reveal() if secrets and not value.removed else REMOVED
        return leaf.type.write(value)

    return write


def decode(element: type[E], encoded: Mapping[str, Json], where: str = "") -> E:
    """The element that ``encode`` gave; raises InputFault naming the first field that is not understood."""
    known = definition(element)
    values: dict[str, Any] = {}
    if not isinstance(encoded, Mapping):
        raise InputFault(f"{where or 'the document'} is not an object")
    for name, value in encoded.items():
        member = known.by_name.get(name)
        if member is None:
            raise InputFault(
                f"{where} {name} is not known here".strip(), cure="Upgrade this node's software"
            )
        values[member.attribute] = _decode_member(member, value, f"{where} {name}".strip())
    missing = [leaf.name for leaf in known.keys if leaf.attribute not in values]
    if missing:
        raise InputFault(f"{where or 'the document'} lacks {', '.join(missing)}")
    return element(**values)


def _decode_member(member: Leaf | Nested, value: Json, where: str) -> Any:
    if member.many and isinstance(member, Leaf) and isinstance(value, str):
        value = [value]  # a field that had one value before it could have several
    if member.many and not isinstance(value, list):
        raise InputFault(f"{where} is not a list")
    if isinstance(member, Nested):
        if member.many:
            return tuple(decode(member.element, item, where) for item in value)
        return decode(member.element, value, where)
    if member.many:
        return tuple(_decode_leaf(member, item, where) for item in value)
    return _decode_leaf(member, value, where)


def _decode_leaf(leaf: Leaf, value: Json, where: str) -> Any:
    if isinstance(value, bool):
        value = "true" if value else "false"
    try:
        return leaf.type.read(str(value))
    except ValueError as error:
        raise InputFault(f"{where} {error}") from None
