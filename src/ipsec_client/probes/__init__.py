"""Questions through a tunnel and the answers to them, on sockets opened inside the client's namespace.

packet  ICMP on the wire, http and dns  theirs, pure; icmp  pings; service  TCP, HTTP and DNS. No counting, no verdict:
health judges.
"""
