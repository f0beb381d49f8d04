"""A stand-in for Discord: its REST API, its gateway, and what people do in its channels."""
