"""The JSON API: for programs what pages show people, from the same values, and the same decisions.

A module for each subject holds its shapes and its operations; ``describing`` tells all of them as OpenAPI.
"""
