"""Slack in, Slack out, on time."""
