"""What a browser shows. Nothing is loaded from another host, and no script stands in a page."""
