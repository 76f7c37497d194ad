"""What trains every head: features on disk, the loop, checkpoints. No head is imported here."""
