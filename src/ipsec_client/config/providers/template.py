"""A provider's profile as an element of the model, and as PCLI text with the limits below it as comments."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from ipsec_client.base.secret import Secret
from ipsec_client.config.printer import write
from ipsec_client.config.providers import provider as p
from ipsec_client.model.elements import Authority, Config, CustomOption, IpsecProfile, Router
from ipsec_client.model.profile import leaf_of

_WIDTH = 92


def profile(provider: p.Provider, name: str, local_id: str | None = None) -> IpsecProfile:
    """The profile, without a key; ``local_id`` takes the place of the example."""
    texts = (
        ("name", name),
        *provider.fields,
        ("local-id", local_id or provider.local_id),
        ("provider", provider.name),
    )
    values: dict[str, Any] = {}
    for field, text in texts:
        leaf = leaf_of(field)
        value = leaf.type.read(text)
        values[leaf.attribute] = (*values.get(leaf.attribute, ()), value) if leaf.many else value
    options = tuple(CustomOption(name=option, value=text) for option, text in provider.options)
    return IpsecProfile(**values, pre_shared_key=Secret(None), custom_option=options)


def text(provider: p.Provider, router: str, name: str, local_id: str | None = None) -> str:
    """A whole PCLI text: the profile in its router, what to write oneself, limits, sources and notes as comments."""
    made = Router(name=router, ipsec_profile=(profile(provider, name, local_id),))
    own = ["pre-shared-key is yours to write"]
    if local_id is None:
        own.insert(0, f"local-id {provider.local_id} is an example")
    lines = [
        f"# {provider.title}: {', and '.join(own)}.",
        write(Config(authority=Authority(router=(made,)))).rstrip("\n"),
        *(f"# {line}".rstrip() for line in _below(provider)),
    ]
    return "\n".join(lines) + "\n"


def _below(provider: p.Provider) -> Iterator[str]:
    yield from ("", "Limits")
    rows = [
        (field, f"{said} [{_number(provider, source)}]") for field, said, source in told(provider)
    ]
    width = max(len(field) for field, _ in rows)
    for field, said in rows:
        yield from wrap(
            said,
            _WIDTH,
            initial_indent=f"  {field:<{width}}  ",
            subsequent_indent=" " * (width + 4),
        )
    yield from ("", "Notes")
    for note in provider.notes:
        yield from wrap(note, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
    yield from ("", "Sources")
    for number, source in enumerate(provider.sources, 1):
        yield f"  [{number}] {source}"
        yield f"      {source.page}"


def _number(provider: p.Provider, source: p.Source) -> int:
    return provider.sources.index(source) + 1


def told(provider: p.Provider) -> list[tuple[str, str, p.Source]]:
    """Its limits in words: of what, what it says, and where it is published."""
    return [(*_told(limit), limit.source) for limit in provider.limits]


def _told(limit: p.Limit) -> tuple[str, str]:
    match limit:
        case p.OneOf(_, field, values):
            return field, ", ".join(values)
        case p.Between(_, field, least, most):
            bounds = [f"at least {least}"] * bool(least) + [f"at most {most}"] * bool(most)
            return field, ", ".join(bounds)
        case p.Goes(_, field, values, other, others):
            return other, f"{', '.join(others)} with {field} {', '.join(values)}"
        case p.Identity(_, _, form):
            return "local-id", f"must be set: {form}"
        case p.Key(_, _, form):
            return "pre-shared-key", form
        case p.Option(_, name, value, why):
            return f"custom-option {name}", f"{value}: {why}"
        case p.ChildSas(_, most):
            return "remote subnet", f"at most {most} pairs of a subnet and a local-subnet"
        case p.Mss(_, most):
            return "remote enforced-mss", f"at most {most}"
        case p.Monitored(_, protocol, why, example):
            return (
                "remote tunnel-monitor",
                f"a destination with protocol {protocol}, {example}: {why}",
            )
        case p.Reserved(_, networks):
            return "networks in the tunnel", f"none of {', '.join(networks)}"
