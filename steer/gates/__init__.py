"""VERIFY.md's commands: running them, and proposing them where there is no such file yet."""
