"""What answers in JSON: a module a subject."""
