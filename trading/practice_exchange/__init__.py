"""A local exchange that speaks Kraken's REST API, for the practice desk and for tests."""
