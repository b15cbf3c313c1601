"""The kernel of this machine, made to look like the plan and told what it reports: an edge room.

namespaces  making, entering, removing network namespaces
netlink     one codec and one socket for everything below
rtnetlink   links, addresses, routes and rules as typed messages
observe     what bears our mark; apply: one step of a plan; firewall: nftables
carrier     lowering and raising a KNI, the fast path
links       events of links, routes and rules; xfrm: security associations and their events
counters    devices with their counters; facts: what this host has and lacks

No judging in here, and no configuration.
"""
