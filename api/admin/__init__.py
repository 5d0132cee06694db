"""What administrators do: accounts, plans, subscriptions, and the audit log."""
