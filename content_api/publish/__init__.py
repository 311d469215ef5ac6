"""Which edition is live: making one from what the store has, and following what changes there."""
