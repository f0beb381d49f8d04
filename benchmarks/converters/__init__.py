"""Programs that convert Markdown, each driven through its standard input and output."""
