"""Models behind an endpoint: the only package that knows the wire. Start at ``client.open_provider``."""
