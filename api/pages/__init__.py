"""What a browser shows. Nothing is loaded from another host, and only /link has a script."""
