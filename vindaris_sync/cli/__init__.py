"""The command line.

A verb's module holds its options and little else, so that ``--help`` stays fast; what it does is
imported when it runs. Text for people and JSON go to standard output, logs and errors to standard error.
"""
