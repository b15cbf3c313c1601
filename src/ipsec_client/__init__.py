"""Keeps a branch router's IPsec tunnels up and its traffic on a healthy one."""
