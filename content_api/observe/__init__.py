"""What the service says about itself to its operator."""
