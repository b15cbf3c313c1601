"""The JSON form of a configuration: RFC 7951 over the YANG module, so that YANG tools read it as it is.

An element is an object of its set fields by name, a list an array of objects, a field of several values
an array; numbers and booleans are JSON's, all else is text as in the PCLI. The only member of the whole
bears the module's name.
"""

from __future__ import annotations

from typing import Any

from ipsec_client.model.elements import Config
from ipsec_client.wire.codec import encode

MODULE = "ipsec-client"
"""The name of the YANG module."""


def to_json(config: Config) -> dict[str, Any]:
    """The configuration as a JSON object; keys are ``(removed)``, never told."""
    return {f"{MODULE}:{name}": value for name, value in encode(config, arrays=True).items()}
