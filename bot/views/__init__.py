"""Data in, blocks out."""
