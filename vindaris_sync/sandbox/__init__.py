"""Stateful look-alikes of Jira, GitHub and Slack over HTTP on loopback, for demo, tests, benchmarks and docs.

Nothing here imports the product: the look-alikes are held against the vendors' specifications instead.
"""
