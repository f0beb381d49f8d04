"""Answers from pages: which may tell, what of them a model is given, what of its words is shown."""
