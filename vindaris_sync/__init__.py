"""Bridges issue trackers and goals: a background daemon that keeps every issue linked to the goal it serves."""

__version__ = "0.1.0"
