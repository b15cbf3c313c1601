"""The providers as a page for docs/providers.md: ``python -m ipsec_client.config.providers.page``."""

from __future__ import annotations

from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.provider import Provider
from ipsec_client.config.providers.template import told

_HEAD = """\
# Providers

Ready profiles for gateways that others run, and what those others publish of them. `ipsec-client provider NAME`
prints one as a text to put into a configuration: the key is yours to write, and `--local-id` what the provider
knows the site by. Its field `provider` has `check` compare the profile, and the remotes that use it, with the
limits below. What contradicts one is a warning that names the limit and its source, for pages age: the date is
that of the page, or of the day it was read. In the PCLI, `show config templates` prints the same.

This page is made of the data in `src/ipsec_client/config/providers`.
"""


def page() -> str:
    """The page, in Markdown."""
    listed = "\n".join(f"* [`{name}`](#{name}): {of.title}" for name, of in PROVIDERS.items())
    return "\n".join([_HEAD, listed, "", *map(_section, PROVIDERS.values())])


def _section(of: Provider) -> str:
    written = [f"{field} {value}" for field, value in of.fields]
    written += [f"custom-option {name} {value}" for name, value in of.options]
    limits = [
        f"| `{field}` | {said} | {of.sources.index(source) + 1} |"
        for field, said, source in told(of)
    ]
    return "\n".join(
        [
            f"## {of.name}\n",
            f"{of.title}. The profile: {', '.join(f'`{each}`' for each in written)}.\n",
            "| of | limit | source |",
            "|---|---|---|",
            *limits,
            "",
            *(f"* {note}" for note in of.notes),
            "",
            *(
                f"{number}. {source.title}, <https://{source.page}>, {source.date}"
                for number, source in enumerate(of.sources, 1)
            ),
            "",
        ]
    )


if __name__ == "__main__":
    print(page(), end="")
