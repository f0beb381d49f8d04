"""A stand-in for Notion: a real server that speaks its API, and the pages in a browser.

It answers version 2026-03-11 as Notion's OpenAPI document and reference pages describe it, and
refuses what they say is refused. Nothing leaves the machine.
"""
