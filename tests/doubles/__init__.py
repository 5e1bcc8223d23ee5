"""Stand-ins for the upstreams that judge what is sent to them as strictly as the real ones."""
