"""Signing in as somebody's Slack or Discord self."""
