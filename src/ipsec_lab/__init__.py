"""A whole network on one machine, to try, test and measure ipsec-client in."""
