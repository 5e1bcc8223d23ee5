"""`make clients`: real clients, set up as docs/clients.md says, against a gateway between doubles. Not in the suite."""
