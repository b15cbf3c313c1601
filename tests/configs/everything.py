"""All that is ever made of a configuration: texts, documents, Libreswan's files, plans, messages to the kernel."""

from __future__ import annotations

import json

from ipsec_client.config import flat, printer
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate, only_generated
from ipsec_client.config.reader import read
from ipsec_client.dialect.render import render, secrets
from ipsec_client.dialect.series import SERIES
from ipsec_client.kernel import rtnetlink
from ipsec_client.model.elements import Authority, Config
from ipsec_client.plan.build import Facts, build
from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import Route, Rule
from ipsec_client.wire.document import Document, dump, from_json

GATEWAY = "192.0.2.254"
"""The address of every gateway that is known by a name."""


def of_authority(authority: Authority) -> None:
    """Makes it all of a configuration without errors."""
    made = generate(authority)
    assert generate(made) == made
    for shown in (made, only_generated(made)):
        config = Config(authority=shown)
        for write in (printer.write, flat.write):
            assert read(write(config, secrets=True)).config == config
            write(config, verbose=True)
    for router in made.router:
        for node in router.node:
            of_document(document(made, router.name, node.name))


def of_document(wanted: Document) -> None:
    """Makes all that a node makes of its document; raises a Fault where the document is not one to honour."""
    assert from_json(json.loads(dump(wanted, secrets=True))) == wanted
    hosts = {
        remote.host: GATEWAY
        for client in wanted.node.ipsec_client
        for remote in client.remote
        if remote.host
    }
    plan = build(wanted, Facts(), hosts)
    for step in diff((), plan.objects):
        step.line()
        if isinstance(step.object, Route):
            rtnetlink.route(step.object, 1)
        elif isinstance(step.object, Rule):
            rtnetlink.rule(step.object)
    assert {step.verb for step in diff(plan.objects, plan.objects)} <= {"keep"}
    for series in SERIES:
        for file in render(wanted, hosts, series):
            assert file.text.replace("\n", "").replace("\t", "").isprintable()
    secrets(wanted, hosts)
