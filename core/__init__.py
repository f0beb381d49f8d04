"""Notion Assistant's core: what is true on every platform, knowing neither Slack nor HTTP."""
