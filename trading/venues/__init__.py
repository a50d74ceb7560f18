"""The venues we trade at, behind one protocol."""
