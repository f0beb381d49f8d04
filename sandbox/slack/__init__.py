"""A stand-in for Slack: its Web API, its signed deliveries, its Socket Mode and its OAuth."""
