"""Durable work: what was accepted is carried out, once, whatever happens to the process."""
