"""The fields of the configuration as a table for docs/configuration.md: ``python -m ipsec_client.config.fields``."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.model.definition import Element, Leaf, definition
from ipsec_client.model.elements import Authority


def tables(
    kind: type[Element] = Authority, name: str = "authority", above: str = ""
) -> Iterator[str]:
    """A heading and a table in Markdown for the element and each below it, in the order they print in."""
    path = f"{above} > {name}" if above else name
    known = definition(kind)
    rows = "\n".join(map(_row, known.leaves))
    yield (
        f"### {path}\n\n{_sentence(kind)}\n\n"
        f"| field | type | default | what it is |\n|---|---|---|---|\n{rows}\n"
        if rows
        else f"### {path}\n\n{_sentence(kind)}\n"
    )
    for nested in known.nested:
        yield from tables(nested.element, nested.name, path)


def _row(leaf: Leaf) -> str:
    kind = " ".join(f"`{choice}`" for choice in leaf.type.choices) or leaf.type.name
    if leaf.type.choices and leaf.type.name != "enumeration":
        kind = f"{leaf.type.name.split(' ')[0]} {kind}"
    marks = [
        *(["key"] if leaf.key else ["required"] if leaf.required else []),
        *(["several"] if leaf.many else []),
        *([f"bare: {leaf.unit}"] if leaf.unit else []),
    ]
    kind = f"{kind} ({', '.join(marks)})" if marks else kind
    default = "" if leaf.default is None else f"`{leaf.type.write(leaf.default)}`"
    return f"| `{leaf.name}` | {kind} | {default} | {leaf.help} |"


def _sentence(kind: type[Element]) -> str:
    return (kind.__doc__ or "").strip().replace("``", "`")


if __name__ == "__main__":
    print("\n".join(tables()), end="")
