"""The daemon: its timetable, its life cycle and what it tells the service manager."""
