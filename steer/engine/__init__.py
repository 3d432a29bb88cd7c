"""What the agent does next. asyncio and the standard library; the outside is behind the Protocols of ``ports``."""
