"""Local servers that speak the real protocols of Notion, Slack, Discord and the AI providers."""
