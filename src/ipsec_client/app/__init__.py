"""The verbs of ``ipsec-client``, a module each: the only place that joins agent or conductor with faces."""
