"""Where goals are stated: one module for each kind of source. A source tells all of its goals, or refuses."""
