"""One node: its inbox, the steps of health, reconciling, the ledger, memory. Executes node commands."""
