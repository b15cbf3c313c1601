"""Echo requests through a tunnel and the answers to them, on sockets opened inside the client's namespace.

packet  what is on the wire, pure; icmp  the sockets. No counting, no verdict: health judges.
"""
