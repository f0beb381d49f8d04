"""Answers from pages: which may tell, what of them a model is given, what is shown of its answer."""
