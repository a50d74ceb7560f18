"""Slack in: parse, call one operation, show one view."""
