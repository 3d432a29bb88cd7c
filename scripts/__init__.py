"""Programs for whoever works on Steer; each is run as ``python -m scripts.NAME``."""
