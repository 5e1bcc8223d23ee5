"""What the rules and phrases did, and what came of it: one summary a day, read together as a month."""
