"""Accounts: who a person is, how they prove it, and how that ends."""
