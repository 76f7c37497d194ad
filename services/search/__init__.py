"""Where people meet vtr: the page, the HTTP API, and live updates from the topics."""
