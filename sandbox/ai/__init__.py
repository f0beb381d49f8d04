"""A stand-in for the AI providers: scripted answers over their real protocols."""
