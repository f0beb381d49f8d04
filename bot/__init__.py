"""Platform adapters: chat to core and back, nothing else."""
