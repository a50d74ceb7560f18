"""The same as in Slack, from a shell."""
