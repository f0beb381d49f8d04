"""What a browser shows. Nothing is loaded from another host, and nothing needs a script."""
