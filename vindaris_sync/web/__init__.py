"""What the daemon serves over HTTP: pages, the JSON API, chat's answers, trackers' events, figures and health."""
