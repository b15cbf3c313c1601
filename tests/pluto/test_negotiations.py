"""What is in the way of a tunnel, from the lines that pluto 4.10 wrote against both makes of gateways."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.health.types import Negotiation
from ipsec_client.pluto.log import Kind, Note, read
from ipsec_client.pluto.negotiations import IN_VAIN, UNANSWERED, Negotiations

V1, V2 = "initiating IKEv1 Main Mode connection", "initiating IKEv2 connection"
I3 = "sent Main Mode I3"
AUTH = "sent IKE_AUTH request {cipher=AES_CBC_256 integ=HMAC_SHA2_512_256 prf=HMAC_SHA2_512 group=DH20}"
AGAIN = "STATE_MAIN_I3: retransmission; will wait 0.5 seconds for response"
IGNORED = "received and ignored notification payload: "
MALFORMED = (
    "65280-byte length of ISAKMP Hash Payload is larger than can fit",
    "malformed payload in packet",
)
IKE_V1 = "IKE SA established {auth=PRESHARED_KEY cipher=AES_CBC_256 integ=HMAC_SHA2_512 group=DH20}"
IKE_V2 = "initiator established IKE SA; authenticated peer using authby=secret and ID_FQDN '@hub'"
REPORT = "ERROR: asynchronous network error report on client1 (169.254.129.2:500), complainant 172.31.3.5: "
REFUSED = "Connection refused [errno 111, origin ICMP type 3 code 3 (not authenticated)]"
NO_ROUTE = "No route to host [errno 113, origin ICMP type 3 code 1 (not authenticated)]"


def after(*lines: str) -> Negotiation | None:
    """What the last line that said something made of it."""
    negotiations, latest = Negotiations(), None
    for line in lines:
        note = read(f'"c" #1: {line}')
        latest = (negotiations.heard(note) if note else None) or latest
    return latest


@pytest.mark.parametrize(
    ("lines", "state", "blocker", "said"),
    [
        # The key: IKEv2 says it; IKEv1 cannot, by strongSwan and by Libreswan.
        ((V2, AUTH, "IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED"),
         "blocked", "key", "AUTHENTICATION_FAILED"),
        ((V1, I3, *MALFORMED, AGAIN), "trying", "key", "malformed payload"),
        ((V1, I3, AGAIN, AGAIN, AGAIN), "trying", "key", "no answer to our first encrypted message"),
        ((V1, I3, ("STATE_MAIN_I3: 6 second timeout exceeded after 4 retransmits.  Possible authentication "
          "failure: no acceptable response to our first encrypted message")),
         "trying", "key", "Possible authentication failure"),
        ((V1, f"{IGNORED}INVALID_KEY_INFORMATION"), "trying", "key", "INVALID_KEY_INFORMATION"),
        ((V2, "authentication failed: no PSK found for '@branch'", "Failed to find our PreShared Key",
          "state transition function for STATE_V2_PARENT_I1 had internal error"),
         "blocked", "key", "no PSK found"),
        # IKE's algorithms: unsigned in both versions.
        ((V1, f"{IGNORED}NO_PROPOSAL_CHOSEN", AGAIN, AGAIN, AGAIN), "trying", "proposal", "NO_PROPOSAL_CHOSEN"),
        ((V2, ("dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN notification; message "
          "payloads: N; missing payloads: SA,KE,Ni")), "trying", "proposal", "NO_PROPOSAL_CHOSEN"),
        # Pluto 5 reads what comes after a wrong identity as if the key were wrong.
        ((V1, I3, "Peer ID '@other.example' mismatched on first found connection and no better connection found",
          *MALFORMED), "blocked", "identity", "Peer ID '@other.example' mismatched"),
        # The child's, when the IKE SA is there.
        ((V1, I3, IKE_V1, f"{IGNORED}NO_PROPOSAL_CHOSEN"), "trying", "child", "NO_PROPOSAL_CHOSEN"),
        ((V2, AUTH, IKE_V2, "IKE_AUTH response rejected Child SA with NO_PROPOSAL_CHOSEN"),
         "blocked", "child", "NO_PROPOSAL_CHOSEN"),
        ((V1, I3, IKE_V1, f"{IGNORED}INVALID_ID_INFORMATION"), "trying", "subnet", "INVALID_ID_INFORMATION"),
        ((V2, AUTH, IKE_V2, "IKE_AUTH response rejected Child SA with TS_UNACCEPTABLE"),
         "blocked", "subnet", "TS_UNACCEPTABLE"),
        # Identities.
        ((V1, I3, f"{IGNORED}INVALID_ID_INFORMATION"), "trying", "identity", "INVALID_ID_INFORMATION"),
        ((V1, I3, "Peer ID '@other' mismatched on first found connection and no better connection found",
          AGAIN, AGAIN, AGAIN), "blocked", "identity", "Peer ID '@other' mismatched"),
        # The network, and silence.
        ((V2, REPORT + NO_ROUTE, AGAIN, AGAIN, AGAIN), "trying", "unreachable", "No route to host"),
        ((V1, REPORT + REFUSED), "trying", "closed", "Connection refused"),
        ((V2, ("send on client1 from 10.99.1.254:500 to 10.77.0.1:500 using UDP failed in EVENT_RETRANSMIT: "
          "Network is unreachable (errno 101)")), "trying", "unreachable", "Network is unreachable"),
        ((V2, AGAIN, AGAIN), "trying", None, ""),
        ((V2, AGAIN, AGAIN, AGAIN), "trying", "silent", "no answer"),
        ((V2, AUTH, AGAIN, AGAIN, AGAIN), "trying", "unheard", "no answer to IKE_AUTH"),
        # What nobody knows.
        ((V2, ("dropping unexpected IKE_SA_INIT message containing v2N__9999?? notification; message "
          "payloads: N; missing payloads: SA,KE,Ni"), AGAIN, AGAIN, AGAIN), "trying", "unknown", "v2N__9999??"),
        ((V1, "Notify Message Type of ISAKMP Notification Payload has an unknown value: 9999 (0x270f)",
          "malformed payload in packet"), "trying", "unknown",
         "Notify Message Type of ISAKMP Notification Payload has an unknown value: 9999 (0x270f)"),
        ((V2, AUTH, IKE_V2, "IKE_AUTH response rejected Child SA with FAILED_CP_REQUIRED"),
         "trying", "unknown", "FAILED_CP_REQUIRED"),
        # And what ends well.
        ((V2, REPORT + NO_ROUTE, AUTH, IKE_V2, "initiator established Child SA using #37; IPsec tunnel"),
         "established", None, ""),
    ],
)  # fmt: skip
def test_what_is_in_the_way(
    lines: tuple[str, ...], state: str, blocker: str | None, said: str
) -> None:
    found = after(*lines)
    assert found is not None
    assert (found.state, found.blocker, found.notify) == (state, blocker, said)


def test_attempts_are_counted_until_one_comes_through() -> None:
    done = "initiator established Child SA using #37; IPsec tunnel"
    assert after(V2, V2) == Negotiation("trying", 2)
    assert after(V2, done, V2) == Negotiation("trying", 1)


def test_attempts_in_vain_make_the_cause_unknown_with_plutos_last_words() -> None:
    odd = "netlink response for Add SA esp.c2ba75b3@10.99.1.1: Protocol not supported (errno 93)"
    assert after(*(V2, odd) * IN_VAIN) == Negotiation("trying", IN_VAIN)
    assert after(*(V2, odd) * (IN_VAIN + 1)) == Negotiation("trying", IN_VAIN + 1, odd, "unknown")
    silence = (AGAIN,) * UNANSWERED
    assert after(*(V2, odd) * IN_VAIN, V2, *silence, V2) == Negotiation("trying", IN_VAIN + 2)


def test_connections_are_told_apart() -> None:
    negotiations = Negotiations()
    negotiations.heard(Note("a", "trying", ""))
    negotiations.heard(Note("a", "ike", ""))
    negotiations.heard(Note("b", "trying", ""))
    refused = negotiations.heard(Note("b", "notify", "NO_PROPOSAL_CHOSEN", "proposal"))
    assert refused == Negotiation("trying", 1, "NO_PROPOSAL_CHOSEN", "proposal")


UNSIGNED = st.sampled_from(sorted(set(get_args(Kind)) - {"blocked", "established"}))


@given(st.lists(st.tuples(UNSIGNED, st.sampled_from(["NO_PROPOSAL_CHOSEN", "x", ""]))))
def test_nothing_that_is_unsigned_ever_stops_repair(said: list[tuple[str, str]]) -> None:
    negotiations = Negotiations()
    for kind, detail in said:
        found = negotiations.heard(Note("c", kind, detail))  # type: ignore[arg-type]
        assert found is None or found.state != "blocked"
