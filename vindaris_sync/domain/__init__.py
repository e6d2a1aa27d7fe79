"""The pure core: what issues, goals, links and reviews are, and what follows from them. Standard library only."""
