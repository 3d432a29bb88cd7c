"""The work tree that the agent changes: checkpoints, exact restore, writes that happen whole or not at all."""
