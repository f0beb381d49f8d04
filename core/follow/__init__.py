"""What becomes of saved messages, brought to their pages."""
