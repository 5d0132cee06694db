"""The same article in other forms. All are made of what the contract shows, and of nothing else."""
