"""A local workspace that speaks Slack's own protocol, for practice and for tests."""
