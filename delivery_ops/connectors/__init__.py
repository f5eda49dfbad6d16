"""Connectors: where rows and events of other systems come in, one package for each kind of source."""
