"""What a person asked for and what came of it."""
