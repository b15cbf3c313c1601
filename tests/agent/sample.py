"""The plan of a node with two remotes, and its devices as the kernel would have them."""

from __future__ import annotations

from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.kernel.counters import Device
from ipsec_client.plan.build import Facts, Plan, build

KEY = "canary-key-of-operating"
TEXT = f"""
authority
 tenant ipsec
 exit
 tenant lan
 exit
 service cleartext
  address 1.1.1.0/24
  address 2.2.0.0/16
  address 3.3.0.0/16
  service-policy order
  transport tcp
   protocol tcp
   port-range 80
    start-port 80
    end-port 90
   exit
  exit
  access-policy lan
   source lan
  exit
 exit
 service ipsec
  address 172.16.0.0/16
  access-policy ipsec
   source ipsec
  exit
 exit
 service local
  address 172.16.1.0/24
  access-policy lan
   source lan
  exit
 exit
 service-policy order
  name order
  vector second
   name second
  exit
  vector first
   name first
  exit
 exit
 router r1
  ipsec-profile p
   pre-shared-key {KEY}
  exit
  node n1
   device-interface lan
    network-interface lanintf
     tenant lan
     address 172.16.1.2
      ip-address 172.16.1.2
      prefix-length 24
     exit
    exit
   exit
   device-interface wan
    target-interface eth7
    network-interface wanintf
     address 172.16.3.2
      ip-address 172.16.3.2
      prefix-length 24
      gateway 172.16.3.5
     exit
    exit
   exit
   ipsec-client c1
    tenant ipsec
    remote rem1
     host 172.16.4.3
     profile p
    exit
    remote rem2
     host gateway.example
     profile p
    exit
   exit
  exit
  service-route rem1
   service-name cleartext
   next-hop n1 rem1-intf
    vector first
   exit
  exit
  service-route rem2
   service-name cleartext
   next-hop n1 rem2-intf
    vector second
   exit
  exit
  service-route ipsec
   service-name ipsec
   next-hop n1 wanintf
   exit
  exit
 exit
exit
"""


def plan(**hosts: str) -> Plan:
    """The plan; ``hosts`` are the addresses of names, with ``_`` for ``.``."""
    reading = read(f"config\n{TEXT}\nexit\n")
    assert reading.config.authority is not None, reading
    made = document(generate(reading.config.authority), "r1", "n1")
    known = {name.replace("_", "."): address for name, address in hosts.items()}
    return build(made, Facts(), known)


def device(name: str, *, up: bool = True, packets: int = 0) -> Device:
    """A device that is up, or down."""
    return Device(name, 1, "", 1500, True, up, packets, 0, 0, 0, 2 * packets, 0, 3, 0)


def devices(*down: str) -> dict[str, Device]:
    """The router's, some of them down."""
    return {
        name: device(name, up=name not in down) for name in ("lan", "eth7", "c1", "rem1", "rem2")
    }
