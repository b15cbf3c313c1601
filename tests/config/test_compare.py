"""The layout of a difference."""

from __future__ import annotations

from ipsec_client.base.secret import Secret
from ipsec_client.config.compare import layout
from ipsec_client.config.edit import Edit, apply, difference
from ipsec_client.config.reader import read
from tests.configs import complete

R1 = ("authority", "router", "router1")
C1 = (*R1, "node", "node1", "ipsec-client", "client1")


def test_each_line_that_differs_is_marked_below_what_encloses_it() -> None:
    page = read(complete()).config.authority
    assert page is not None
    done = apply(
        page,
        [
            Edit("set", ("authority", "tenant", "ipsec"), "description", "to the gateways"),
            Edit("set", (*R1, "ipsec-profile", "primary"), "pre-shared-key", Secret("hunter22")),
            Edit("set", (*C1, "remote", "rem1"), "host", "172.16.9.9"),
            Edit("delete", (*C1, "remote", "rem2")),
            Edit("set", (*C1, "remote", "rem3"), "host", "172.16.6.4"),
            Edit("set", (*C1, "remote", "rem3", "tunnel-monitor"), "enabled", "true"),
            Edit("move", (*C1, "remote", "rem3")),
        ],
    )
    assert layout(difference(page, done)) == (
        """\
  authority
      tenant  ipsec
+         description  "to the gateways"
      router  router1
          ipsec-profile  primary
-             pre-shared-key  (removed)
+             pre-shared-key  (removed)
          node  node1
              ipsec-client  client1
-                 remote  rem2
-                     host  172.16.5.4
-                     profile  secondary
+                 remote  rem3
+                     host  172.16.6.4
+                     tunnel-monitor
+                         enabled  true
                  remote  rem1
-                     host  172.16.4.3
+                     host  172.16.9.9
~                 remote  rem3  (first)
"""
    )


def test_nothing_differs() -> None:
    assert layout(()) == "# No differences\n"
