"""Notion: finding where pages go, writing them within its limits, and saving each answer once."""
